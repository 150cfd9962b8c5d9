// SPDX-License-Identifier: Apache-2.0
/** What a front end needs of its domain: memory, grants, event channels, the store. */
package io.splitvisor.domu.frontend;
