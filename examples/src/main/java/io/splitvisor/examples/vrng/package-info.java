// SPDX-License-Identifier: Apache-2.0
/** Entropy from the host, so much a second for each domain: a driver pair, with a guest that measures it. */
package io.splitvisor.examples.vrng;
