// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.block;

/**
 * What to do to a disk.
 *
 * @param name how the table calls it
 * @param random random or sequential reads
 * @param blockBytes bytes of a read
 * @param depth reads in flight
 * @param pauseMicros pause after each read, so that both ends fall asleep; 0 for none
 */
record Load(String name, boolean random, int blockBytes, int depth, int pauseMicros) {}
