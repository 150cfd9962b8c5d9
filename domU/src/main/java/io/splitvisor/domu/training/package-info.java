// SPDX-License-Identifier: Apache-2.0
/**
 * A rehearsal of a guest's start, for the build: the JVM records what a guest loads and compiles, and real guests start
 * from that record. The Dom0 of the rehearsal is a stage set that knows one domain; it serves the unit tests as well.
 */
package io.splitvisor.domu.training;
