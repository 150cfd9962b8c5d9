// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.decode;

import java.util.EnumSet;
import java.util.Set;

/** Decodes one instruction at a time. Not thread-safe. SDM volume 2, chapter 2. */
public final class Decoder {
    /** Longer instructions raise #GP. */
    public static final int MAX_LENGTH = 15;

    private static final OpcodeTable TABLE = OpcodeTable.instance();
    private static final int[] BASE16 = {3, 3, 5, 5, 6, 7, 5, 3};
    private static final int[] INDEX16 = {
        6, 7, 6, 7, Insn.NO_REGISTER, Insn.NO_REGISTER, Insn.NO_REGISTER, Insn.NO_REGISTER
    };

    private final Set<Feature> features;
    private final Insn insn = new Insn();
    private CodeBytes code;
    private int next;

    /** Of all instructions that this module knows. */
    public Decoder() {
        this(EnumSet.allOf(Feature.class));
    }

    /** Of the instructions that a processor announces. */
    public Decoder(Set<Feature> features) {
        this.features = features;
    }

    /**
     * Decodes.
     *
     * @param bytes the block's code
     * @param start the instruction's distance from the start of the block
     * @param mode the code size
     * @return the decoder's only instruction object, overwritten
     */
    public Insn decode(CodeBytes bytes, int start, int mode) {
        Insn i = insn;
        code = bytes;
        next = start;
        reset(i, start, mode);
        int b = prefixes(i);
        int map = 0;
        if (b == 0x0f) {
            b = fetch8();
            map = 1;
            if (b == 0x38 || b == 0x3a) {
                map = b == 0x38 ? 2 : 3;
                b = fetch8();
            }
        }
        i.opcode = b;
        select(i, map, b);
        i.length = next - start;
        if (i.base == Insn.BLOCK_START) {
            i.displacement += next;
        }
        if (i.row != null && i.lock && !lockAllowed(i)) {
            i.row = null;
        }
        return i;
    }

    private static void reset(Insn i, int start, int mode) {
        i.row = null;
        i.start = start;
        i.mode = mode;
        i.rex = 0;
        i.segment = Insn.NO_SEGMENT;
        i.repeat = 0;
        i.lock = false;
        i.operandPrefix = false;
        i.addressPrefix = false;
        i.modRm = -1;
        i.base = Insn.NO_REGISTER;
        i.index = Insn.NO_REGISTER;
        i.scale = 0;
        i.displacement = 0;
        i.immediate = 0;
        i.immediate2 = 0;
    }

    private int prefixes(Insn i) {
        boolean mode64 = i.mode == Insn.MODE64;
        while (next - i.start < MAX_LENGTH) {
            int b = fetch8();
            switch (b) {
                case 0x26, 0x2e, 0x36, 0x3e -> {
                    if (!mode64) {
                        i.segment = b >> 3 & 3;
                    }
                }
                case 0x64 -> i.segment = 4;
                case 0x65 -> i.segment = 5;
                case 0x66 -> i.operandPrefix = true;
                case 0x67 -> i.addressPrefix = true;
                case 0xf0 -> i.lock = true;
                case 0xf2, 0xf3 -> i.repeat = b;
                default -> {
                    if (mode64 && (b & 0xf0) == 0x40) {
                        i.rex = b;
                        int after = fetch8();
                        if (!isPrefix(after)) {
                            return after;
                        }
                        // A REX prefix counts only right before the opcode.
                        i.rex = 0;
                        next--;
                        continue;
                    }
                    return b;
                }
            }
        }
        return fetch8();
    }

    private static boolean isPrefix(int b) {
        return switch (b) {
            case 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3 -> true;
            default -> (b & 0xf0) == 0x40;
        };
    }

    private void select(Insn i, int map, int opcode) {
        boolean mode64 = i.mode == Insn.MODE64;
        i.addressBytes = switch (i.mode) {
            case Insn.MODE64 -> i.addressPrefix ? 4 : 8;
            case Insn.MODE32 -> i.addressPrefix ? 2 : 4;
            default -> i.addressPrefix ? 4 : 2;
        };
        int mandatory = i.repeat != 0 ? i.repeat : i.operandPrefix ? 0x66 : 0;
        for (Row row : TABLE.candidates(map, opcode)) {
            if (!row.fits(mandatory, mode64) || !features.contains(row.feature())) {
                continue;
            }
            if (row.needsModRm() && i.modRm < 0) {
                i.modRm = fetch8();
            }
            if (i.modRm >= 0 && !row.fitsModRm(i.modRm)) {
                continue;
            }
            i.row = row;
            i.operandBytes = operandBytes(i, row);
            operands(i, row);
            return;
        }
    }

    private static int operandBytes(Insn i, Row row) {
        if (i.mode == Insn.MODE64) {
            if (i.rexW() || row.has(Row.FORCE64)) {
                return 8;
            }
            if (i.operandPrefix) {
                return 2;
            }
            return row.has(Row.DEFAULT64) ? 8 : 4;
        }
        return (i.mode == Insn.MODE32) != i.operandPrefix ? 4 : 2;
    }

    private void operands(Insn i, Row row) {
        if (i.modRm >= 0 && i.modRm < 0xc0 && !row.has(Row.ALWAYS_REGISTER)) {
            if (i.addressBytes == 2) {
                memory16(i);
            } else {
                memory(i);
            }
        } else if (i.modRm >= 0) {
            i.modRm |= 0xc0;
        }
        if (row.has(Row.TRAILER)) {
            trailer(i, row);
        }
    }

    private void trailer(Insn i, Row row) {
        boolean first = true;
        for (Arg arg : row.args()) {
            switch (arg.kind()) {
                case IMM, REL -> {
                    long value = immediate(arg, i);
                    if (first) {
                        i.immediate = value;
                    } else {
                        i.immediate2 = value;
                    }
                    first = false;
                }
                case FAR -> {
                    i.immediate = fetch(i.operandBytes);
                    i.immediate2 = fetch(2);
                }
                case OFFSET -> i.immediate = fetch(i.addressBytes);
                default -> {}
            }
        }
    }

    private long immediate(Arg arg, Insn i) {
        return switch (arg) {
            case Ib -> fetch8();
            case Is, Jb -> (byte) fetch8();
            case Iw -> fetch(2);
            case Iz, Jz -> i.operandBytes == 2 ? (short) fetch(2) : (int) fetch(4);
            default -> fetch(i.operandBytes);
        };
    }

    private void memory(Insn i) {
        int mod = i.modRm >> 6;
        int rm = i.modRm & 7;
        boolean noBase = false;
        if (rm == 4) {
            int sib = fetch8();
            i.scale = sib >> 6;
            int index = (sib >> 3 & 7) | (i.rex & 2) << 2;
            i.index = index == 4 ? Insn.NO_REGISTER : index;
            rm = sib & 7;
            noBase = mod == 0 && rm == 5;
        } else if (mod == 0 && rm == 5) {
            i.displacement = (int) fetch(4);
            i.base = i.mode == Insn.MODE64 ? Insn.BLOCK_START : Insn.NO_REGISTER;
            return;
        }
        i.base = noBase ? Insn.NO_REGISTER : rm | (i.rex & 1) << 3;
        if (mod == 1) {
            i.displacement = (byte) fetch8();
        } else if (mod == 2 || noBase) {
            i.displacement = (int) fetch(4);
        }
    }

    private void memory16(Insn i) {
        int mod = i.modRm >> 6;
        int rm = i.modRm & 7;
        if (mod == 0 && rm == 6) {
            i.displacement = (short) fetch(2);
            return;
        }
        i.base = BASE16[rm];
        i.index = INDEX16[rm];
        if (mod == 1) {
            i.displacement = (byte) fetch8();
        } else if (mod == 2) {
            i.displacement = (short) fetch(2);
        }
    }

    private static boolean lockAllowed(Insn i) {
        return i.row.has(Row.LOCKABLE) && i.hasMemory();
    }

    /** Reads on; past the longest instruction nothing is read any more, for it raises #GP and not what a fetch would. */
    private int fetch8() {
        int at = next++;
        return at - insn.start < MAX_LENGTH ? code.at(at) : 0;
    }

    private long fetch(int bytes) {
        long value = 0;
        for (int n = 0; n < bytes; n++) {
            value |= (long) fetch8() << (8 * n);
        }
        return value;
    }
}
