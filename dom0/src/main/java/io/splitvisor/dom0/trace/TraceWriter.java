// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.trace;

import io.splitvisor.hypercall.HypercallOp;
import io.splitvisor.monitor.trace.TracedCall;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;

/** Puts hypercalls and events into a trace file. When it cannot be written, the rest is counted as lost. For one thread. */
final class TraceWriter {
    /** A window is at most this long, and written at once: whoever reads the file meanwhile sees whole ones. */
    private static final int WINDOW_BYTES = 1 << 16;

    /** More than a call needs: itself, its error and repetitions, and the change of vCPU. */
    private static final int RESERVE = 256;

    private static final int NOBODY = -1;

    /**
     * How far a file is.
     *
     * @param records hypercalls and events that are in it
     * @param bytes its length
     * @param lost hypercalls and events that could not be written
     * @param failure why; empty while all is well
     */
    record Progress(long records, long bytes, long lost, String failure) {
        static final Progress NONE = new Progress(0, 0, 0, "");
    }

    private static final HypercallOp[] OPERATIONS = HypercallOp.values();

    /** Of each operation: its first word in a record, and how many words follow. */
    private static final int[] FIRST_WORDS = new int[OPERATIONS.length];

    private final FileChannel file;
    private final ByteBuffer window = ByteBuffer.allocateDirect(WINDOW_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private long lastTime = Long.MIN_VALUE;
    private int running = NOBODY;

    /** Hypercalls and events that were told, and those of them that the file has. */
    private long told;

    private long records;
    private long bytes;
    private String failure = "";

    static {
        for (HypercallOp op : OPERATIONS) {
            FIRST_WORDS[op.ordinal()] = op.number()
                    | (op.command() == HypercallOp.NO_COMMAND ? 0 : TraceFormat.ARGUMENT_0)
                    | (op.argument().size() == 0 ? 0 : TraceFormat.ARGUMENT_1);
        }
    }

    /** An empty trace at the beginning of a file. */
    TraceWriter(FileChannel file) {
        this.file = file;
        window.position(TraceFormat.WINDOW_HEADER);
    }

    /** How far it is. */
    Progress progress() {
        return new Progress(records, bytes, failure.isEmpty() ? 0 : told - records, failure);
    }

    /**
     * A call.
     *
     * @param call as {@link TracedCall} packs it
     * @param nanos when it was made for the first time
     * @param again how often it was made in later turns
     * @param span how much later the last of these was
     */
    void call(int domid, int vcpu, long call, long nanos, int again, long span) {
        makeRoom();
        run(TraceFormat.vcpu(domid, vcpu), nanos);
        write(call, nanos);
        int times = TracedCall.times(call) + again;
        if (times > 1) {
            begin(TraceFormat.AGAIN, 2, nanos);
            window.putInt(times - 1).putInt((int) span);
        }
        told += times;
    }

    private void write(long call, long nanos) {
        int operation = TracedCall.operation(call);
        int first = operation == TracedCall.UNKNOWN
                ? TracedCall.argument(call) & TraceFormat.NUMBER_MASK
                : FIRST_WORDS[operation];
        int words = 1 + Integer.bitCount(first & TraceFormat.ARGUMENTS_MASK);
        begin(TraceFormat.HYPERCALL, words, nanos);
        window.putInt(first);
        if ((first & TraceFormat.ARGUMENT_0) != 0) {
            window.putInt(OPERATIONS[operation].command());
        }
        if ((first & TraceFormat.ARGUMENT_1) != 0) {
            window.putInt(TracedCall.argument(call));
        }
        int error = TracedCall.error(call);
        if (error != 0) {
            begin(TraceFormat.FAILED, 1, nanos);
            window.putInt(error);
        }
    }

    /** An event. */
    void event(int domid, int port, long nanos) {
        makeRoom();
        told++;
        begin(TraceFormat.EVENT, 2, nanos);
        window.putInt(domid).putInt(port);
    }

    /** So many calls and events did not come here. */
    void lost(long count, long nanos) {
        makeRoom();
        begin(TraceFormat.LOST_RECORDS, 4, nanos);
        window.putInt((int) Math.min(count, 0xffff_ffffL))
                .putInt(running == NOBODY ? 0 : Integer.rotateLeft(running, 16));
        window.putLong(lastTime);
    }

    private void run(int vcpu, long nanos) {
        if (running == vcpu) {
            return;
        }
        if (running != NOBODY) {
            begin(TraceFormat.RUNNING_TO_RUNNABLE, 1, nanos);
            window.putInt(running);
        }
        begin(TraceFormat.RUNNABLE_TO_RUNNING, 1, nanos);
        window.putInt(vcpu);
        running = vcpu;
    }

    /** A record has a time if it is a window's first, or that is not the one before. A file's times do not go back. */
    private void begin(int event, int words, long nanos) {
        boolean timed = nanos > lastTime || window.position() == TraceFormat.WINDOW_HEADER;
        window.putInt(TraceFormat.header(event, words, timed));
        if (timed) {
            lastTime = Math.max(lastTime, nanos);
            window.putLong(lastTime);
        }
    }

    private void makeRoom() {
        if (window.remaining() < RESERVE) {
            flush();
        }
    }

    /** Writes what there is. */
    void flush() {
        int length = window.position();
        if (length > TraceFormat.WINDOW_HEADER && failure.isEmpty()) {
            window.putInt(0, TraceFormat.header(TraceFormat.CPU_CHANGE, 2, false));
            window.putInt(Integer.BYTES, 0);
            window.putInt(2 * Integer.BYTES, length - TraceFormat.WINDOW_HEADER);
            window.flip();
            try {
                while (window.hasRemaining()) {
                    bytes += file.write(window);
                }
                records = told;
            } catch (IOException e) {
                failure = String.valueOf(e.getMessage());
            }
        }
        window.clear().position(TraceFormat.WINDOW_HEADER);
    }
}
