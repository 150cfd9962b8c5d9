// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.translate;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.decode.Arg;
import io.splitvisor.vcpu.decode.Insn;
import io.splitvisor.vcpu.op.Op;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The body of a region while it is emitted: where guest state lives in local variables, operands, memory, flags. Instructions
 * follow the interpreter's rule: no register and no flag changes before the last access that can miss.
 */
final class Body {
    private static final ClassDesc ACCESS = ClassDesc.of(GuestAccess.class.getName());
    private static final ClassDesc FLAGS = ClassDesc.of(Flags.class.getName());

    private static final ClassDesc PROCESSOR = ClassDesc.of(Cpu.class.getName());
    /** Local variables. */
    static final int CPU = 1;

    static final int REGISTERS = 2;
    static final int BASE = 3;
    static final int BUDGET = 5;
    static final int EXIT = 6;
    static final int TARGET = 7;
    static final int FLAG_A = 9;
    static final int FLAG_B = 11;
    static final int FLAG_R = 13;
    static final int FLAG_KIND = 15;
    private static final int FIRST_REGISTER = 16;
    /** Temporaries inside an instruction: an offset in RAM, operands, and more. */
    static final int AT = Locals.end(FIRST_REGISTER);

    static final int A = AT + 2;
    static final int B = AT + 4;
    static final int C = AT + 6;
    /** Both halves of a vector operand in memory. */
    static final int LOW = AT + 8;

    static final int HIGH = AT + 10;

    /** A static method that the region calls. */
    record Call(ClassDesc owner, String name, MethodTypeDesc type) {}

    final CodeBuilder code;
    final Exits exits;
    final Locals locals;
    /** The kind of the flag operands at this place. */
    int kind;

    private final Label leave;
    private final Set<Call> calls = new LinkedHashSet<>();
    private boolean flagsDirty;
    private boolean flagsStale;
    private boolean flagsUnread;
    private long partDelta;
    private long insnDelta;
    private int unused;
    private boolean exitIsSet;

    /** What earlier emission of the same region found out, for where all registers are moved. */
    private final long usedInAll;

    private final long dirtyInAll;
    private final List<Op> operations = new ArrayList<>();

    Body(CodeBuilder code, Exits exits, Label leave, long usedInAll, long dirtyInAll) {
        this.code = code;
        this.locals = new Locals(code, FIRST_REGISTER);
        this.exits = exits;
        this.leave = leave;
        this.usedInAll = usedInAll;
        this.dirtyInAll = dirtyInAll;
    }

    // Where we are

    /** The following instructions belong to a part that starts {@code delta} bytes from the entry. */
    void startPart(long delta) {
        partDelta = delta;
    }

    /** The following belongs to an instruction; {@code notYet} of its part have not been executed before it. */
    void startInsn(long delta, int notYet) {
        insnDelta = delta;
        unused = notYet;
        exitIsSet = false;
    }

    long partDelta() {
        return partDelta;
    }

    /** The number of an operation among those that the region calls. */
    int operation(Op operation) {
        operations.add(operation);
        return operations.size() - 1;
    }

    /** Operations that the region calls. */
    Op[] operations() {
        return operations.toArray(Op[]::new);
    }

    /** What follows may throw {@link Miss}. */
    void mayMiss() {
        requireFlags();
        if (!exitIsSet) {
            code.loadConstant(exits.side(insnDelta, unused, kind)).istore(EXIT);
            exitIsSet = true;
        }
    }

    /** What follows may throw the interpreter's fault. */
    void setFaultExit() {
        requireFlags();
        code.loadConstant(exits.fault(insnDelta, unused, kind)).istore(EXIT);
        exitIsSet = false;
    }

    private void requireFlags() {
        if (flagsStale) {
            throw new IllegalStateException("flags were left out that whoever goes on here needs");
        }
    }

    /** Leaves by an exit. */
    void leave(int exit) {
        code.loadConstant(exit).istore(EXIT).goto_(leave);
        exitIsSet = false;
    }

    /** Code from here on is reached from elsewhere, too. */
    void forgetExit() {
        exitIsSet = false;
    }

    Set<Call> calls() {
        return calls;
    }

    boolean flagsDirty() {
        return flagsDirty;
    }

    // Registers

    void get(int register) {
        locals.get(register);
    }

    void put(int register) {
        locals.put(register);
    }

    /** Stores every register that the region may have changed. */
    void spillRegisters() {
        locals.store(dirtyInAll);
    }

    /** Takes back every register that the region uses. */
    void reloadRegisters() {
        locals.load(usedInAll);
    }

    void spillFlags() {
        flagsDirty = true;
        code.aload(CPU).lload(FLAG_R).putfield(PROCESSOR, "res", ConstantDescs.CD_long);
        code.aload(CPU).lload(FLAG_A).putfield(PROCESSOR, "carry", ConstantDescs.CD_long);
        code.aload(CPU).lload(FLAG_B).putfield(PROCESSOR, "aux", ConstantDescs.CD_long);
    }

    void reloadFlags() {
        code.aload(CPU).getfield(PROCESSOR, "res", ConstantDescs.CD_long).lstore(FLAG_R);
        code.aload(CPU).getfield(PROCESSOR, "carry", ConstantDescs.CD_long).lstore(FLAG_A);
        code.aload(CPU).getfield(PROCESSOR, "aux", ConstantDescs.CD_long).lstore(FLAG_B);
    }

    // Operands. "Raw" values have anything above their size.

    void constant(long value) {
        code.loadConstant(value);
    }

    void up(int shift) {
        if (shift != 0) {
            code.loadConstant(shift).lshl();
        }
    }

    void zeroExtend(int size) {
        if (size != 8) {
            code.loadConstant(-1L >>> (64 - 8 * size)).land();
        }
    }

    void signExtend(int size) {
        switch (size) {
            case 4 -> code.l2i().i2l();
            case 2 -> code.l2i().i2s().i2l();
            case 1 -> code.l2i().i2b().i2l();
            default -> {}
        }
    }

    void raw(Operand operand) {
        switch (operand) {
            case Operand.Register r -> {
                get(r.number());
                if (r.high()) {
                    code.loadConstant(8).lushr();
                }
            }
            case Operand.Memory m -> load(m);
            case Operand.Constant c -> constant(c.value());
        }
    }

    void zeroExtended(Operand operand) {
        raw(operand);
        if (!(operand instanceof Operand.Memory)) {
            zeroExtend(operand.size());
        }
    }

    void signExtended(Operand operand) {
        raw(operand);
        if (!(operand instanceof Operand.Constant)) {
            signExtend(operand.size());
        }
    }

    /** Pops a raw value into a register. */
    void write(Operand.Register r) {
        zeroExtend(r.size());
        if (r.size() < 4) {
            if (r.high()) {
                up(8);
            }
            get(r.number());
            code.loadConstant(~((-1L >>> r.up()) << (r.high() ? 8 : 0))).land().lor();
        }
        put(r.number());
    }

    // Memory

    void address(Insn i) {
        boolean absolute = i.row().args().stream().anyMatch(a -> a.kind() == Arg.Kind.OFFSET);
        if (absolute) {
            constant(i.immediate());
        } else {
            offset(i);
        }
        int segment = i.memorySegment();
        if (segment >= Cpu.FS) {
            get(Cpu.FS_BASE + segment - Cpu.FS);
            code.ladd();
        }
    }

    /** The effective address, as LEA computes it. */
    void offset(Insn i) {
        boolean something = true;
        if (i.base() == Insn.BLOCK_START) {
            code.lload(BASE);
            constant(partDelta + i.displacement());
            code.ladd();
        } else if (i.base() != Insn.NO_REGISTER) {
            get(i.base());
        } else {
            something = false;
        }
        if (i.index() != Insn.NO_REGISTER) {
            get(i.index());
            up(i.scale());
            if (something) {
                code.ladd();
            }
            something = true;
        }
        if (!something) {
            constant(i.displacement());
        } else if (i.displacement() != 0 && i.base() != Insn.BLOCK_START) {
            constant(i.displacement());
            code.ladd();
        }
        zeroExtend(i.addressBytes());
    }

    private static final MethodTypeDesc LONG_TO_LONG = MethodTypeDesc.of(ConstantDescs.CD_long, ConstantDescs.CD_long);
    private static final MethodTypeDesc STORE =
            MethodTypeDesc.of(ConstantDescs.CD_void, ConstantDescs.CD_long, ConstantDescs.CD_long);

    void call(ClassDesc owner, String name, MethodTypeDesc type) {
        calls.add(new Call(owner, name, type));
        code.invokestatic(owner, name, type);
    }

    /** Pops an address; pushes what is there, zero-extended. May miss. */
    void loadAt(int size) {
        mayMiss();
        call(ACCESS, "load" + 8 * size, LONG_TO_LONG);
    }

    /** Pops an address and a value. May miss. */
    void storeAt(int size) {
        mayMiss();
        call(ACCESS, "store" + 8 * size, STORE);
    }

    private void load(Operand.Memory m) {
        address(m.insn());
        loadAt(m.size());
    }

    /** Starts a change of memory: pushes what is there and remembers where that is. May miss; the rest cannot. */
    void startChange(Operand.Memory m) {
        address(m.insn());
        mayMiss();
        call(ACCESS, "storable" + 8 * m.size(), LONG_TO_LONG);
        code.dup2().lstore(AT);
        call(ACCESS, "peek" + 8 * m.size(), LONG_TO_LONG);
    }

    /** Ends a change: the value is in a local. */
    void endChange(Operand.Memory m, int valueLocal) {
        code.lload(AT).lload(valueLocal);
        call(ACCESS, "poke" + 8 * m.size(), STORE);
    }

    // Flags

    /** Calls a function of {@link Flags} that takes {@code longs} values and, perhaps, the shift. */
    void flags(String name, int longs, int up) {
        boolean shift = up >= 0;
        ClassDesc[] types = new ClassDesc[longs + (shift ? 1 : 0)];
        Arrays.fill(types, 0, longs, ConstantDescs.CD_long);
        if (shift) {
            types[longs] = ConstantDescs.CD_int;
            code.loadConstant(up);
        }
        call(FLAGS, name, MethodTypeDesc.of(ConstantDescs.CD_long, types));
    }

    static final int NO_SHIFT = -1;

    /** Calls a static method of any class with {@code int} result. */
    void test(String name, int longs) {
        ClassDesc[] types = new ClassDesc[longs];
        Arrays.fill(types, ConstantDescs.CD_long);
        call(FLAGS, name, MethodTypeDesc.of(ConstantDescs.CD_int, types));
    }

    private void dynamic(String name) {
        code.iload(FLAG_KIND).lload(FLAG_A).lload(FLAG_B).lload(FLAG_R);
        call(
                FLAGS,
                name,
                MethodTypeDesc.of(
                        ConstantDescs.CD_long,
                        ConstantDescs.CD_int,
                        ConstantDescs.CD_long,
                        ConstantDescs.CD_long,
                        ConstantDescs.CD_long));
    }

    /** Pushes a long whose bit 63 is CF. */
    void carry() {
        int operation = FlagKind.operation(kind);
        if (kind != FlagKind.DYNAMIC && (operation == FlagKind.INC || operation == FlagKind.DEC)) {
            code.lload(FLAG_A);
        } else {
            carryOverflow();
        }
    }

    /** Pushes CF as 0 or 1. */
    void carryBit() {
        carry();
        code.loadConstant(63).lushr();
    }

    /** Pushes the lazy carry. */
    void carryOverflow() {
        if (kind == FlagKind.DYNAMIC) {
            dynamic("carry");
            return;
        }
        int up = FlagKind.up(kind);
        switch (FlagKind.operation(kind)) {
            case FlagKind.CANONICAL -> code.lload(FLAG_A);
            case FlagKind.ADD, FlagKind.ADC -> operands("carryAdd", up);
            case FlagKind.SUB, FlagKind.SBB -> operands("carrySub", up);
            case FlagKind.LOGIC -> constant(0);
            case FlagKind.INC -> operandAndResult("carryInc", up);
            case FlagKind.DEC -> operandAndResult("carryDec", up);
            case FlagKind.SHL -> operandAndResult("carryShl", up);
            case FlagKind.SHR -> operandAndResult("carryShr", up);
            default -> {
                code.lload(FLAG_A);
                flags(FlagKind.operation(kind) == FlagKind.SAR ? "carrySar" : "carryMul", 1, NO_SHIFT);
            }
        }
    }

    private void operands(String function, int up) {
        code.lload(FLAG_A).lload(FLAG_B).lload(FLAG_R);
        flags(function, 3, up);
    }

    private void operandAndResult(String function, int up) {
        code.lload(FLAG_A).lload(FLAG_R);
        flags(function, 2, up);
    }

    /** Pushes the lazy result. */
    void result() {
        if (kind == FlagKind.DYNAMIC) {
            dynamic("result");
            return;
        }
        code.lload(FLAG_R);
        if (kind != FlagKind.CANONICAL) {
            signExtend(FlagKind.size(kind));
        }
    }

    /** Pushes the lazy auxiliary carry. */
    void auxiliary() {
        if (kind == FlagKind.DYNAMIC) {
            dynamic("aux");
            return;
        }
        switch (FlagKind.operation(kind)) {
            case FlagKind.CANONICAL -> code.lload(FLAG_B);
            case FlagKind.ADD, FlagKind.ADC, FlagKind.SUB, FlagKind.SBB -> operands("auxiliary", NO_SHIFT);
            case FlagKind.INC, FlagKind.DEC -> {
                code.lload(FLAG_R);
                flags(FlagKind.operation(kind) == FlagKind.INC ? "auxInc" : "auxDec", 1, NO_SHIFT);
            }
            default -> constant(0);
        }
    }

    /** Brings the flag operands into the processor's own form. */
    void canonical() {
        if (kind != FlagKind.CANONICAL) {
            flagsDirty = true;
            carryOverflow();
            auxiliary();
            result();
            code.lstore(FLAG_R).lstore(FLAG_B).lstore(FLAG_A);
            kind = FlagKind.CANONICAL;
        }
    }

    /**
     * Says what becomes of the flags around the next instruction.
     *
     * @param stale those before it were left out, so that it may neither read them nor leave the region
     * @param unread those behind it may be left out
     */
    void flagsAround(boolean stale, boolean unread) {
        flagsStale = stale;
        flagsUnread = unread;
    }

    /** Whether the flags that the instruction leaves are of use to nobody. */
    boolean flagsUnread() {
        return flagsUnread;
    }

    /** The flag operands have been stored, or left out; this is what they stand for. */
    void flagsAre(int newKind) {
        kind = newKind;
        flagsDirty = true;
    }
}
