// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.oracle;

import io.splitvisor.vcpu.decode.Arg;
import io.splitvisor.vcpu.decode.Decoder;
import io.splitvisor.vcpu.decode.Insn;
import io.splitvisor.vcpu.decode.OpcodeTable;
import io.splitvisor.vcpu.decode.Row;
import java.util.random.RandomGenerator;

/** Makes random encodings of a row of the opcode table for 64-bit mode, and registers that make its address valid. */
public final class Encoder {
    private final RandomGenerator random;
    private final Decoder decoder = new Decoder();
    private final byte[] bytes = new byte[32];
    private int length;

    private final boolean code64;

    public Encoder(RandomGenerator random) {
        this(random, true);
    }

    /**
     * @param code64 for 64-bit code, not 32-bit code, in which addresses have 32 bits only
     */
    Encoder(RandomGenerator random, boolean code64) {
        this.random = random;
        this.code64 = code64;
    }

    /**
     * Encodes.
     *
     * @param codeAddress where the instruction will lie
     * @param target the linear address that a memory operand shall have
     * @param registers changed so that it has
     * @return the instruction, or null if this attempt cannot be made to work
     */
    public byte[] encode(Row row, long codeAddress, long target, long[] registers) {
        length = 0;
        int opcode = OpcodeTable.instance().opcode(row);
        prefixes(row);
        opcode(opcode);
        int modRm = -1;
        boolean needsModRm = row.needsModRm();
        int displacementAt = -1;
        if (needsModRm) {
            modRm = modRm(row);
            emit(modRm);
            if (modRm < 0xc0) {
                displacementAt = addressing(modRm);
            }
        }
        for (int i = 0; i < 20; i++) {
            emit(random.nextInt(8) == 0 ? random.nextInt(4) : random.nextInt(256));
        }
        Insn insn = decoder.decode(at -> bytes[at] & 0xff, 0, code64 ? Insn.MODE64 : Insn.MODE32);
        if (!row.equals(insn.row())) {
            return null;
        }
        length = insn.length();
        if (row.args().stream().anyMatch(a -> a.kind() == Arg.Kind.OFFSET)) {
            int n = insn.addressBytes();
            writeLittleEndian(length - n, n, target);
        } else if (insn.hasMemory() && !solve(insn, displacementAt, codeAddress, target, registers)) {
            return null;
        }
        byte[] result = new byte[length];
        System.arraycopy(bytes, 0, result, 0, length);
        return result;
    }

    private void prefixes(Row row) {
        if (random.nextInt(4) == 0 && row.prefix() <= 0) {
            emit(0x66);
        }
        if (code64 && random.nextInt(8) == 0) {
            emit(0x67);
        }
        if (row.has(Row.LOCKABLE) && random.nextInt(4) == 0) {
            emit(0xf0);
        }
        if (row.prefix() > 0) {
            emit(row.prefix());
        } else if (isString(row) && random.nextBoolean()) {
            emit(random.nextBoolean() ? 0xf2 : 0xf3);
        }
        if (code64 && random.nextInt(3) != 0) {
            emit(0x40 | random.nextInt(16));
        }
    }

    private static boolean isString(Row row) {
        return row.args().stream().anyMatch(a -> a.kind() == Arg.Kind.SOURCE || a.kind() == Arg.Kind.DESTINATION);
    }

    private void opcode(int opcode) {
        switch (opcode >> 8) {
            case 0 -> {}
            case 1 -> emit(0x0f);
            case 2 -> {
                emit(0x0f);
                emit(0x38);
            }
            default -> {
                emit(0x0f);
                emit(0x3a);
            }
        }
        emit(opcode & 0xff);
    }

    private int modRm(Row row) {
        int mod =
                switch (row.form()) {
                    case Row.MEMORY_FORM -> random.nextInt(3);
                    case Row.REGISTER_FORM -> 3;
                    default -> random.nextInt(5) < 2 ? 3 : random.nextInt(3);
                };
        int reg = row.reg() >= 0 ? row.reg() : random.nextInt(8);
        int rm = row.rm() >= 0 ? row.rm() : random.nextInt(8);
        return mod << 6 | reg << 3 | rm;
    }

    /** Emits SIB and displacement; returns where a 32-bit displacement lies, or -1. */
    private int addressing(int modRm) {
        int mod = modRm >> 6;
        int rm = modRm & 7;
        boolean wide = mod == 2 || (mod == 0 && rm == 5);
        if (rm == 4) {
            int sib = random.nextInt(256);
            emit(sib);
            wide |= mod == 0 && (sib & 7) == 5;
        }
        int at = -1;
        if (wide) {
            at = length;
            int displacement = random.nextInt(-100_000, 100_000);
            for (int i = 0; i < 4; i++) {
                emit(displacement >> (8 * i));
            }
        } else if (mod == 1) {
            emit(random.nextInt(256));
        }
        return at;
    }

    private boolean solve(Insn i, int displacementAt, long codeAddress, long target, long[] registers) {
        if (i.base() == Insn.BLOCK_START) {
            writeLittleEndian(displacementAt, 4, target - codeAddress - i.length());
            return true;
        }
        boolean hasBase = i.base() != Insn.NO_REGISTER;
        boolean hasIndex = i.index() != Insn.NO_REGISTER;
        if (hasIndex && hasBase && i.base() == i.index()) {
            return false;
        }
        long indexed = 0;
        if (hasIndex) {
            registers[i.index()] = random.nextInt(-1000, 1000);
            indexed = registers[i.index()] << i.scale();
            registers[i.index()] = code64 ? registers[i.index()] : registers[i.index()] & 0xffff_ffffL;
        }
        if (hasBase) {
            long base = target - i.displacement() - indexed;
            registers[i.base()] = code64 ? base : base & 0xffff_ffffL;
            if (code64 && i.addressBytes() == 4 && random.nextBoolean()) {
                registers[i.base()] += random.nextLong() << 32;
            }
        } else {
            writeLittleEndian(displacementAt, 4, target - indexed);
        }
        return true;
    }

    private void writeLittleEndian(int at, int size, long value) {
        for (int i = 0; i < size; i++) {
            bytes[at + i] = (byte) (value >> (8 * i));
        }
    }

    private void emit(int b) {
        bytes[length++] = (byte) b;
    }
}
