// SPDX-License-Identifier: Apache-2.0
/**
 * Grant tables (xen/include/public/grant_table.h): entries, flags, operations, and their argument structures.
 */
package io.splitvisor.abi.grant;
