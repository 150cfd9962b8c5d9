// SPDX-License-Identifier: Apache-2.0
/** A guest's memory, grants, event channels and store, as front ends need them. */
package io.splitvisor.domu.frontend;
