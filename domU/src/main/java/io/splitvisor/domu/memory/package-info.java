// SPDX-License-Identifier: Apache-2.0
/** A guest's memory: the mapping, and which of its frames are free. */
package io.splitvisor.domu.memory;
