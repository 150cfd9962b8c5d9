// SPDX-License-Identifier: Apache-2.0
/** A guest that copies one disk to another, and proves it. */
package io.splitvisor.examples.copy;
