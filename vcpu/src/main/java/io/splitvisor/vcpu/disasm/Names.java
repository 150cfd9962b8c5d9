// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.disasm;

/** Names of registers and sizes. */
final class Names {
    static final String[] SEGMENTS = {"es", "cs", "ss", "ds", "fs", "gs", "?", "?"};
    private static final String[] WORDS = {"ax", "cx", "dx", "bx", "sp", "bp", "si", "di"};
    private static final String[] BYTES = {"al", "cl", "dl", "bl", "ah", "ch", "dh", "bh"};
    private static final String[] REX_BYTES = {"al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil"};

    private Names() {}

    /** A general register of 1 to 8 bytes. */
    static String general(int number, int size, boolean rex) {
        if (number >= 8) {
            return "r" + number
                    + switch (size) {
                        case 1 -> "b";
                        case 2 -> "w";
                        case 4 -> "d";
                        default -> "";
                    };
        }
        return switch (size) {
            case 1 -> (rex ? REX_BYTES : BYTES)[number];
            case 2 -> WORDS[number];
            case 4 -> "e" + WORDS[number];
            default -> "r" + WORDS[number];
        };
    }

    /** What stands before a memory operand of a size in bytes; nothing for other sizes. */
    static String pointer(int size) {
        return switch (size) {
            case 1 -> "BYTE PTR ";
            case 2 -> "WORD PTR ";
            case 4 -> "DWORD PTR ";
            case 6 -> "FWORD PTR ";
            case 8 -> "QWORD PTR ";
            case 10 -> "TBYTE PTR ";
            case 16 -> "XMMWORD PTR ";
            default -> "";
        };
    }
}
