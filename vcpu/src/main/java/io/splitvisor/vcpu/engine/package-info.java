// SPDX-License-Identifier: Apache-2.0
/** Runs code: blocks of decoded instructions, where they are kept, and the loop that executes them. */
package io.splitvisor.vcpu.engine;
