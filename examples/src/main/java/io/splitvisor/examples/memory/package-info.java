// SPDX-License-Identifier: Apache-2.0
/** A guest with address spaces, in whatever paging mode its configuration names. */
package io.splitvisor.examples.memory;
