// SPDX-License-Identifier: Apache-2.0
/**
 * What follows from a declaration: tables for documentation, a C header for native guests, text for traces, and requests
 * to torture a back end with.
 */
package io.splitvisor.driver.derived;
