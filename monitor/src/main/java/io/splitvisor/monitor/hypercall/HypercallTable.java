// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import io.splitvisor.abi.Hypercall;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.monitor.Domain;
import io.splitvisor.monitor.Monitor;
import java.util.List;

/**
 * The hypercalls there are, as data: number and operation. What is not in the table is answered with -ENOSYS.
 *
 * <p>Arguments are 64-bit words; those that point to memory are guest-physical addresses.
 */
public final class HypercallTable {
    /** Number of words that come with a call. */
    public static final int ARGUMENTS = 6;

    private static final int NUMBERS = 64;

    /** One kind of hypercall. */
    @FunctionalInterface
    public interface Operation {
        /**
         * Serves a call.
         *
         * @param caller who calls
         * @param arguments private to the callee for the length of the call; it may overwrite them
         * @return a value, 0, or a negative Xen errno
         */
        long call(Domain caller, long[] arguments);
    }

    /**
     * A row.
     *
     * @param number as in xen.h
     * @param operation what it does
     */
    public record Row(int number, Operation operation) {
        /** Xen's name. */
        public String name() {
            return Hypercall.nameOf(number);
        }
    }

    private final List<Row> rows;
    private final Operation[] byNumber = new Operation[NUMBERS];

    /** The table over a monitor. */
    public HypercallTable(Monitor monitor) {
        rows = List.of(
                new Row(Hypercall.XEN_VERSION, new XenVersionCalls()),
                new Row(Hypercall.GRANT_TABLE_OP, new GrantTableCalls()),
                new Row(Hypercall.SCHED_OP, new SchedCalls()),
                new Row(Hypercall.EVENT_CHANNEL_OP, new EventChannelCalls(monitor)));
        for (Row row : rows) {
            byNumber[row.number] = row.operation;
        }
    }

    /** All rows. */
    public List<Row> rows() {
        return rows;
    }

    /** Serves one call; the number is any 64 bits. */
    public long call(Domain caller, long number, long[] arguments) {
        Operation operation = number >= 0 && number < NUMBERS ? byNumber[(int) number] : null;
        return operation == null ? -XenErrno.ENOSYS : operation.call(caller, arguments);
    }
}
