// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.trace;

import io.splitvisor.hypercall.HypercallOp;
import io.splitvisor.monitor.trace.TracedCall;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;

/** Puts hypercalls and events into a trace file. For one thread. */
final class TraceWriter {
    /** A window is at most this long, and written at once: whoever reads the file meanwhile sees whole ones. */
    private static final int WINDOW_BYTES = 1 << 16;

    /** More than the longest turn needs: 32 calls of 16 bytes, errors and repetitions of 8 each, the change of vCPU. */
    private static final int RESERVE = 2048;

    private static final int NOBODY = -1;

    private static final HypercallOp[] OPERATIONS = HypercallOp.values();

    /** Of each operation: its first word in a record, and how many words follow. */
    private static final int[] FIRST_WORDS = new int[OPERATIONS.length];

    private final FileChannel file;
    private final ByteBuffer window = ByteBuffer.allocateDirect(WINDOW_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private long lastTime;
    private int running = NOBODY;
    private long records;
    private long bytes;

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

    /** Hypercalls and events in the file so far. */
    long records() {
        return records;
    }

    /** Length of the file. */
    long bytes() {
        return bytes;
    }

    /** The calls of a turn. */
    void turn(int domid, int vcpu, long nanos, long[] calls, int count) throws IOException {
        makeRoom();
        run(TraceFormat.vcpu(domid, vcpu), nanos);
        for (int i = 0; i < count; i++) {
            // The first call has the turn's time, and the others none.
            call(calls[i], nanos, i == 0);
            records += TracedCall.times(calls[i]);
        }
    }

    private void call(long call, long nanos, boolean timed) {
        int operation = TracedCall.operation(call);
        int first = operation == TracedCall.UNKNOWN
                ? TracedCall.argument(call) & TraceFormat.NUMBER_MASK
                : FIRST_WORDS[operation];
        int words = 1 + Integer.bitCount(first & TraceFormat.ARGUMENTS_MASK);
        begin(TraceFormat.HYPERCALL, words, timed, nanos);
        window.putInt(first);
        if ((first & TraceFormat.ARGUMENT_0) != 0) {
            window.putInt(OPERATIONS[operation].command());
        }
        if ((first & TraceFormat.ARGUMENT_1) != 0) {
            window.putInt(TracedCall.argument(call));
        }
        int error = TracedCall.error(call);
        if (error != 0) {
            begin(TraceFormat.FAILED, 1, false, 0);
            window.putInt(error);
        }
        int again = TracedCall.times(call) - 1;
        if (again > 0) {
            begin(TraceFormat.AGAIN, 1, false, 0);
            window.putInt(again);
        }
    }

    /** An event. */
    void event(int domid, int port, long nanos) throws IOException {
        makeRoom();
        begin(TraceFormat.EVENT, 2, true, nanos);
        window.putInt(domid).putInt(port);
        records++;
    }

    /** So many calls and events did not come through. */
    void lost(long count, long nanos) throws IOException {
        makeRoom();
        begin(TraceFormat.LOST_RECORDS, 4, true, nanos);
        window.putInt((int) Math.min(count, 0xffff_ffffL))
                .putInt(running == NOBODY ? 0 : Integer.rotateLeft(running, 16));
        window.putLong(lastTime);
    }

    private void run(int vcpu, long nanos) {
        if (running == vcpu) {
            return;
        }
        if (running != NOBODY) {
            begin(TraceFormat.RUNNING_TO_RUNNABLE, 1, true, nanos);
            window.putInt(running);
        }
        begin(TraceFormat.RUNNABLE_TO_RUNNING, 1, true, nanos);
        window.putInt(vcpu);
        running = vcpu;
    }

    private void begin(int event, int words, boolean timed, long nanos) {
        window.putInt(TraceFormat.header(event, words, timed));
        if (timed) {
            // Several threads take their times before they get their place: a file's times do not go back.
            lastTime = Math.max(lastTime, nanos);
            window.putLong(lastTime);
        }
    }

    private void makeRoom() throws IOException {
        if (window.remaining() < RESERVE) {
            flush();
        }
    }

    /** Writes what there is. */
    void flush() throws IOException {
        int length = window.position();
        if (length == TraceFormat.WINDOW_HEADER) {
            return;
        }
        window.putInt(0, TraceFormat.header(TraceFormat.CPU_CHANGE, 2, false));
        window.putInt(Integer.BYTES, 0);
        window.putInt(2 * Integer.BYTES, length - TraceFormat.WINDOW_HEADER);
        window.flip();
        try {
            while (window.hasRemaining()) {
                bytes += file.write(window);
            }
        } finally {
            window.clear().position(TraceFormat.WINDOW_HEADER);
        }
    }
}
