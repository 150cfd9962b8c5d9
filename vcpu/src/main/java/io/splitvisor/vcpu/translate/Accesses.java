// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.translate;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.decode.Arg;
import io.splitvisor.vcpu.decode.Insn;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;

/** Emits addresses, loads and stores of a region. Where a {@link Windows.Window} is open, the TLB is not asked again. */
final class Accesses {
    private static final ClassDesc ACCESS = ClassDesc.of(GuestAccess.class.getName());
    private static final MethodTypeDesc LONG_TO_LONG = MethodTypeDesc.of(ConstantDescs.CD_long, ConstantDescs.CD_long);
    private static final MethodTypeDesc TWO_LONGS =
            MethodTypeDesc.of(ConstantDescs.CD_long, ConstantDescs.CD_long, ConstantDescs.CD_long);
    private static final MethodTypeDesc STORE =
            MethodTypeDesc.of(ConstantDescs.CD_void, ConstantDescs.CD_long, ConstantDescs.CD_long);

    final Windows windows = new Windows(Body.WINDOWS);
    private final Body b;
    /** Whether a store that was started knows where in RAM it goes. */
    private boolean placed;

    Accesses(Body b) {
        this.b = b;
    }

    /** Pushes the address of an instruction's operand. */
    void address(Insn i) {
        boolean absolute = i.row().args().stream().anyMatch(a -> a.kind() == Arg.Kind.OFFSET);
        if (absolute) {
            b.constant(i.immediate());
        } else {
            offset(i);
        }
        int segment = i.memorySegment();
        if (segment >= Cpu.FS) {
            b.get(Cpu.FS_BASE + segment - Cpu.FS);
            b.code.ladd();
        }
    }

    /** The effective address, as LEA computes it. */
    void offset(Insn i) {
        boolean something = base(i, i.displacement());
        if (i.index() != Insn.NO_REGISTER) {
            b.get(i.index());
            b.up(i.scale());
            if (something) {
                b.code.ladd();
            }
            something = true;
        }
        if (!something) {
            b.constant(i.displacement());
        } else if (i.displacement() != 0 && i.base() != Insn.BLOCK_START) {
            b.constant(i.displacement());
            b.code.ladd();
        }
        b.zeroExtend(i.addressBytes());
    }

    /** Pushes the base, of the start of the block with a displacement, if there is one. */
    private boolean base(Insn i, long displacement) {
        if (i.base() == Insn.BLOCK_START) {
            b.code.lload(Body.BASE);
            b.constant(b.partDelta() + displacement);
            b.code.ladd();
        } else if (i.base() != Insn.NO_REGISTER) {
            b.get(i.base());
        }
        return i.base() != Insn.NO_REGISTER;
    }

    /** Pushes what an operand in memory holds, zero-extended. May miss. */
    void load(Insn i, int size) {
        Windows.Window window = window(i, size, Windows.Kind.READ);
        address(i);
        if (window == null) {
            loadAt(size);
        } else {
            place(window, "loadable" + 8 * size);
            b.call(ACCESS, "peek" + 8 * size, LONG_TO_LONG);
        }
    }

    /** Pops an address; pushes what is there, zero-extended. May miss. */
    void loadAt(int size) {
        b.mayMiss();
        b.call(ACCESS, "load" + 8 * size, LONG_TO_LONG);
    }

    /** Starts a store to an operand: the value is to be pushed next, and cannot miss. */
    void startStore(Insn i, int size) {
        Windows.Window window = window(i, size, Windows.Kind.WRITE);
        address(i);
        placed = window != null;
        if (placed) {
            place(window, "storable" + 8 * size);
        }
    }

    /** Pops the value of a store that was started. May miss. */
    void endStore(int size) {
        if (placed) {
            b.call(ACCESS, "poke" + 8 * size, STORE);
        } else {
            storeAt(size);
        }
    }

    /** Pops an address and a value. May miss. */
    void storeAt(int size) {
        b.mayMiss();
        b.call(ACCESS, "store" + 8 * size, STORE);
    }

    /** Starts a change of memory: pushes what is there and remembers where that is. May miss; the rest cannot. */
    void startChange(Insn i, int size) {
        Windows.Window window = window(i, size, Windows.Kind.WRITE);
        address(i);
        place(window, "storable" + 8 * size);
        b.code.dup2().lstore(Body.AT);
        b.call(ACCESS, "peek" + 8 * size, LONG_TO_LONG);
    }

    /** Ends a change: the value is in a local. */
    void endChange(int size, int valueLocal) {
        b.code.lload(Body.AT).lload(valueLocal);
        b.call(ACCESS, "poke" + 8 * size, STORE);
    }

    /** Pushes where in RAM an operand of sixteen bytes lies. May miss. */
    void place16(Insn i, Windows.Kind kind, boolean aligned) {
        Windows.Window window = window(i, 16, kind);
        address(i);
        place(window, (kind == Windows.Kind.READ ? "loadable" : "storable") + (aligned ? "Aligned" : "128"));
    }

    /** Pops an address, pushes where in RAM it lies. */
    private void place(Windows.Window window, String function) {
        b.mayMiss();
        if (window == null) {
            b.call(ACCESS, function, LONG_TO_LONG);
        } else {
            b.code.lload(window.local());
            b.call(ACCESS, function, TWO_LONGS);
        }
    }

    /** The window that an operand is in; asks the TLB if it is the first in there. */
    private Windows.Window window(Insn i, int size, Windows.Kind kind) {
        Windows.Window found = windows.find(i, size, kind);
        if (found != null) {
            return found;
        }
        Windows.Window opened = windows.open(i, size, kind);
        if (opened != null) {
            base(i, opened.lowest());
            if (i.base() != Insn.BLOCK_START) {
                b.constant(opened.lowest());
                b.code.ladd();
            }
            b.constant(opened.behind() - opened.lowest() - 1);
            b.call(ACCESS, kind == Windows.Kind.READ ? "readable" : "writable", TWO_LONGS);
            b.code.lstore(opened.local());
        }
        return opened;
    }
}
