// SPDX-License-Identifier: Apache-2.0
/**
 * What one can do with domains: the interface between those who ask (command line, management server) and those who do,
 * with the records that cross it.
 */
package io.splitvisor.dom0.toolstack;
