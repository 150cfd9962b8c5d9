// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import io.splitvisor.abi.Domctl;
import io.splitvisor.abi.Hypercall;
import io.splitvisor.abi.MulticallEntry;
import io.splitvisor.abi.Sysctl;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.attach.CallMarker;
import io.splitvisor.hypercall.HypercallArgument.Kind;
import io.splitvisor.hypercall.HypercallOp;
import io.splitvisor.monitor.Domain;
import io.splitvisor.monitor.Monitor;
import java.lang.foreign.ValueLayout;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;

/**
 * Finds the handler of a hypercall and carries its structure in and out. There is one for every {@link HypercallOp}, or no
 * table at all; whatever else a guest asks for is answered with -ENOSYS.
 *
 * <p>Pointers are guest-physical addresses. A structure is copied into private memory once, before anything looks at it,
 * and copied out once: what the guest writes meanwhile has no effect (row H14).
 */
public final class HypercallTable {
    private static final int NUMBERS = 64;
    private static final int COMMANDS = 128;
    private static final int EXTENT_COMMANDS = 64;
    private static final int INTERFACE_VERSION_BYTES = 2 * Integer.BYTES;

    /** An operation and what serves it. */
    private static final class Row {
        private final HypercallHandler handler;
        private final Kind kind;
        private final int word;
        private final int size;
        private final boolean countsExtents;

        /** The {@link HypercallOp}'s ordinal, for the statistics. */
        private final int operation;

        /** The table's facts lie beside each other: there is one look here a hypercall. */
        private Row(HypercallOp op, HypercallHandler handler) {
            this.handler = handler;
            this.kind = op.argument().kind();
            this.word = op.argument().word();
            this.size = op.argument().size();
            this.countsExtents = op.countsExtents();
            this.operation = op.ordinal();
        }
    }

    /** The operations of one hypercall number. */
    private static final class Group {
        private final boolean privileged;
        private final boolean commandInStructure;
        private final boolean extentsInCommand;
        private final int interfaceVersion;
        private final Row only;
        private final Row[] byCommand = new Row[COMMANDS];

        private Group(HypercallOp first, HypercallHandler handler) {
            privileged = first.privileged();
            commandInStructure = first.commandInStructure();
            extentsInCommand = first.extentsInCommand();
            interfaceVersion = first.number() == Hypercall.DOMCTL ? Domctl.INTERFACE_VERSION : Sysctl.INTERFACE_VERSION;
            only = first.command() == HypercallOp.NO_COMMAND ? new Row(first, handler) : null;
        }
    }

    private final Map<HypercallOp, HypercallHandler> handlers = new EnumMap<>(HypercallOp.class);
    private final Group[] groups = new Group[NUMBERS];

    /** The table over a monitor. */
    public HypercallTable(Monitor monitor) {
        DomainTargets targets = new DomainTargets(monitor);
        new XenVersionHandlers().bind(this);
        new ReservationHandlers(targets).bind(this);
        new PhysmapHandlers(targets).bind(this);
        new MemoryInfoHandlers(targets).bind(this);
        new MulticallHandlers(this).bind();
        new ConsoleIoHandlers().bind(this);
        new HvmHandlers(targets).bind(this);
        new DmOpHandlers(targets).bind(this);
        new DomctlHandlers(monitor, targets).bind(this);
        new ShadowOpHandlers(targets).bind(this);
        new SysctlHandlers(monitor).bind(this);
        new GrantTableHandlers(monitor).bind(this);
        new SchedHandlers(monitor).bind(this);
        new TimerHandlers(monitor).bind(this);
        new VcpuHandlers(monitor).bind(this);
        new VmAssistHandlers().bind(this);
        new EventChannelHandlers(monitor).bind(this);
        new PagingTrapHandlers().bind(this);
        new MmuHandlers(monitor).bind(this);
        new MmuExtHandlers(monitor).bind(this);
        DescriptorHandlers.bind(this);
        EnumSet<HypercallOp> missing = EnumSet.allOf(HypercallOp.class);
        missing.removeAll(handlers.keySet());
        if (!missing.isEmpty()) {
            throw new IllegalStateException("no handler for " + missing);
        }
    }

    /** Sets the handler of an operation. */
    void bind(HypercallOp op, HypercallHandler handler) {
        if (handlers.put(op, handler) != null) {
            throw new IllegalStateException("two handlers for " + op);
        }
        Group group = groups[op.number()];
        if (group == null) {
            group = new Group(op, handler);
            groups[op.number()] = group;
        }
        if (op.command() != HypercallOp.NO_COMMAND) {
            group.byCommand[op.command()] = new Row(op, handler);
        }
    }

    /**
     * Makes a call from its beginning to its end, without leaving the processor to others in between: for Dom0's own calls.
     * Answers {@link HypercallContext#PREEMPTED} if the vCPU waits in it.
     *
     * @param words the first of the six words; the others are 0
     */
    public long run(HypercallContext call, long number, long... words) {
        call.begin(number);
        for (int i = 0; i < MulticallEntry.NR_ARGS; i++) {
            call.word(i, i < words.length ? words[i] : 0);
        }
        call.budget(Integer.MAX_VALUE);
        long result = serve(call);
        while (result == HypercallContext.PREEMPTED
                && !call.caller().vcpu(call.vcpu()).standsStill()) {
            call.resume();
            call.budget(Integer.MAX_VALUE);
            result = serve(call);
        }
        return result;
    }

    /** Serves the call in {@code call}, or its next slice; {@link HypercallContext#PREEMPTED} asks for one more. */
    public long serve(HypercallContext call) {
        // Whatever it is, a refusal too: a ring full of nonsense gets no more time than others.
        call.spend(1);
        long number = call.number();
        Group group = number >= 0 && number < NUMBERS ? groups[(int) number] : null;
        if (group == null) {
            // Nothing of it is there, but a guest need not know that.
            boolean forbidden =
                    number == Hypercall.PLATFORM_OP && !call.caller().privileged();
            return forbidden ? -XenErrno.EPERM : -XenErrno.ENOSYS;
        }
        if (group.privileged && !call.caller().privileged()) {
            return -XenErrno.EPERM;
        }
        Row row = group.only;
        if (row == null) {
            long command = group.commandInStructure ? commandInStructure(group, call) : call.word(0);
            if (group.extentsInCommand) {
                command &= EXTENT_COMMANDS - 1;
            }
            if (command < 0 && group.commandInStructure) {
                return command;
            }
            row = command >= 0 && command < COMMANDS ? group.byCommand[(int) command] : null;
            if (row == null) {
                return -XenErrno.ENOSYS;
            }
        }
        return serve(row, call);
    }

    /** The command of a domctl or sysctl, whose caller has to know the version of the structure. */
    private static long commandInStructure(Group group, HypercallContext call) {
        if (!call.resumed()
                && !call.caller().memory().copyFrom(call.word(0), call.argument(), INTERFACE_VERSION_BYTES)) {
            return -XenErrno.EFAULT;
        }
        if (call.argument().get(ValueLayout.JAVA_INT, Integer.BYTES) != group.interfaceVersion) {
            return -XenErrno.EACCES;
        }
        return Integer.toUnsignedLong(call.argument().get(ValueLayout.JAVA_INT, 0));
    }

    private static long serve(Row row, HypercallContext call) {
        call.operation(row.operation);
        long at = call.word(row.word);
        int size = row.size;
        return switch (row.kind) {
            case NONE -> row.handler.serve(call);
            case IN -> {
                if (readIn(row, call, at, size)) {
                    yield row.handler.serve(call);
                }
                yield row.countsExtents ? ReservationHandlers.startExtent(call) : -XenErrno.EFAULT;
            }
            case OUT -> {
                if (!call.resumed()) {
                    // No stale memory of another call (row H10).
                    call.argument().asSlice(0, size).fill((byte) 0);
                }
                yield copyOut(call, at, size, row.handler.serve(call));
            }
            case IN_OUT -> copyIn(call, at, size) ? copyOut(call, at, size, row.handler.serve(call)) : -XenErrno.EFAULT;
            case ARRAY -> serveArray(row, call, at, size, call.word(row.word + 1));
        };
    }

    private static boolean copyIn(HypercallContext call, long at, int size) {
        return call.resumed() || call.caller().memory().copyFrom(at, call.argument(), size);
    }

    /** A structure that is only read may lie in the call itself, in the words behind its address. */
    private static boolean readIn(Row row, HypercallContext call, long at, int size) {
        return at == CallMarker.IN_CALL ? call.argumentFromWords(row.word + 1, size) : copyIn(call, at, size);
    }

    private static long copyOut(HypercallContext call, long at, int size, long result) {
        if (result < 0) {
            return result;
        }
        return call.caller().memory().copyTo(at, call.argument(), size) ? result : -XenErrno.EFAULT;
    }

    /** Elements one by one, each copied in, served and copied out, with a look at the clock after each (rows H6, G19). */
    private static long serveArray(Row row, HypercallContext call, long at, int size, long countWord) {
        // An unsigned int in the ABI, of which Xen takes the lower half.
        int count = (int) countWord;
        if (count < 0) {
            return -XenErrno.EINVAL;
        }
        Domain caller = call.caller();
        if (!caller.memory().isAccessible(at, (long) count * size)) {
            return -XenErrno.EFAULT;
        }
        long done = call.progress();
        while (done < count) {
            long element = at + done * size;
            if (!caller.memory().copyFrom(element, call.argument(), size)) {
                return -XenErrno.EFAULT;
            }
            long result = row.handler.serve(call);
            if (result < 0) {
                // Elements before this one are done; a preempted one is begun again.
                call.progress(done);
                return result;
            }
            if (!caller.memory().copyTo(element, call.argument(), size)) {
                return -XenErrno.EFAULT;
            }
            done++;
            call.spend(1);
            if (done < count && call.preempt()) {
                call.progress(done);
                return HypercallContext.PREEMPTED;
            }
        }
        return 0;
    }
}
