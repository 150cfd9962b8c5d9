// SPDX-License-Identifier: Apache-2.0
/** jcstress tests of the shared-memory protocols: every interleaving that two threads hit in millions of tries. */
package io.splitvisor.stress.ring;
