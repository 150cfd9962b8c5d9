// SPDX-License-Identifier: Apache-2.0
/**
 * Tier 1: hot regions of guest code as JVM bytecode. A region is planned from blocks that the interpreter has run, emitted by
 * families of instructions, and defined as a hidden class; the JVM's own compilers do the rest.
 */
package io.splitvisor.vcpu.translate;
