// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.disasm;

/**
 * An instruction as text.
 *
 * @param length bytes that it takes, at least 1
 * @param text as {@code objdump -d -M intel} prints it, with one space behind the mnemonic; {@code (bad)} for bytes that
 *     this processor does not execute
 */
public record Line(int length, String text) {}
