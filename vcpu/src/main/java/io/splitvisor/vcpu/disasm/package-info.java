// SPDX-License-Identifier: Apache-2.0
/** From machine code to text, by the same tables as the processor decodes with. For traces and debuggers. */
package io.splitvisor.vcpu.disasm;
