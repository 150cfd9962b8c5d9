// SPDX-License-Identifier: Apache-2.0
/** Grant tables: how a domain lets another one use its pages (xen/include/public/grant_table.h). */
package io.splitvisor.monitor.grant;
