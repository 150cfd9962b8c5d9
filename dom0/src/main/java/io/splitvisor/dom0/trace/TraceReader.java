// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.trace;

import io.splitvisor.dom0.trace.TraceRecord.Call;
import io.splitvisor.dom0.trace.TraceRecord.Event;
import io.splitvisor.dom0.trace.TraceRecord.Lost;
import io.splitvisor.dom0.trace.TraceRecord.Other;
import io.splitvisor.hypercall.HypercallOp;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.PriorityQueue;
import java.util.function.Consumer;

/** Reads a trace file window by window, also one that is still being written. */
public final class TraceReader implements AutoCloseable {
    /** Larger windows are no windows: Xen's buffers are smaller. */
    private static final int MAX_WINDOW = 1 << 24;

    /** Runs under way at a time are those of the vCPUs; in a damaged file there may be more. */
    private static final int MOST_RUNS = 1 << 12;

    private static final HypercallOp[] OPERATIONS = HypercallOp.values();

    /** What a processor was doing at the end of its last window. */
    private static final class Processor {
        private long nanos;
        private int running;

        /** What was told of it has this time: nothing comes before that any more. */
        private long told = Long.MIN_VALUE;
    }

    /** A call that was made again, up to a time. */
    private record Run(long nanos, Call call, int times) {
        private void tell(Consumer<TraceRecord> records) {
            Call last = call.at(nanos);
            for (int i = 0; i < times; i++) {
                records.accept(last);
            }
        }
    }

    private final FileChannel file;
    private final Map<Integer, Processor> processors = new HashMap<>();
    private final ByteBuffer header =
            ByteBuffer.allocate(TraceFormat.WINDOW_HEADER).order(ByteOrder.LITTLE_ENDIAN);
    private long position;

    /** The last call: whether it failed, and was made again, stands in the next records. */
    private Call held;

    private int again;
    private int span;

    /** Runs that went on after what has been told so far. */
    private final PriorityQueue<Run> runs = new PriorityQueue<>(Comparator.comparingLong(Run::nanos));

    /** Opens a trace file. */
    public TraceReader(Path path) throws IOException {
        file = FileChannel.open(path, StandardOpenOption.READ);
    }

    /**
     * Reads one window.
     *
     * @return whether there was a whole one
     * @throws IOException if this is no trace file
     */
    public boolean next(Consumer<TraceRecord> records) throws IOException {
        long left = file.size() - position;
        if (left < TraceFormat.WINDOW_HEADER) {
            return false;
        }
        read(header.clear(), position);
        int length = header.getInt(2 * Integer.BYTES);
        if (header.getInt(0) != TraceFormat.header(TraceFormat.CPU_CHANGE, 2, false)
                || length < 0
                || length > MAX_WINDOW) {
            throw notATrace(position);
        }
        if (left < TraceFormat.WINDOW_HEADER + length) {
            return false;
        }
        ByteBuffer window = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        read(window, position + TraceFormat.WINDOW_HEADER);
        Processor processor = processors.computeIfAbsent(header.getInt(Integer.BYTES), _ -> new Processor());
        try {
            while (window.hasRemaining()) {
                record(window, processor, records);
            }
        } catch (BufferUnderflowException e) {
            throw notATrace(position);
        }
        release(records);
        while (!runs.isEmpty()) {
            // Whoever follows a growing file waits for them.
            processor.told = runs.peek().nanos();
            runs.remove().tell(records);
        }
        position += TraceFormat.WINDOW_HEADER + length;
        return true;
    }

    /** Whether the file ends behind the last window that was read. */
    public boolean atEnd() throws IOException {
        return file.size() <= position;
    }

    private void read(ByteBuffer buffer, long from) throws IOException {
        while (buffer.hasRemaining()) {
            if (file.read(buffer, from + buffer.position()) < 0) {
                throw notATrace(from);
            }
        }
        buffer.flip();
    }

    private static IOException notATrace(long at) {
        return new IOException("not a trace file: no trace records at byte " + at);
    }

    private void record(ByteBuffer window, Processor processor, Consumer<TraceRecord> records) {
        int head = window.getInt();
        if ((head & TraceFormat.TIME_FLAG) != 0) {
            processor.nanos = Math.max(window.getLong(), processor.told);
        }
        int[] words = new int[head >>> TraceFormat.WORDS_SHIFT & TraceFormat.WORDS_MASK];
        for (int i = 0; i < words.length; i++) {
            words[i] = window.getInt();
        }
        int event = head & TraceFormat.EVENT_MASK;
        if (event == TraceFormat.FAILED && words.length == 1 && held != null) {
            held = held.failed(words[0]);
            return;
        }
        if (event == TraceFormat.AGAIN && words.length == 2 && held != null && again == 0) {
            // More would be a broken file, and take for ever to print.
            again = Math.clamp(words[0], 0, TraceFormat.MOST_AGAIN);
            span = Math.max(words[1], 0);
            return;
        }
        release(records);
        long nanos = processor.nanos;
        settle(nanos, records);
        if (event == TraceFormat.RUNNABLE_TO_RUNNING && words.length > 0) {
            processor.running = words[0];
        } else if (event == TraceFormat.HYPERCALL && words.length > 0) {
            held = call(nanos, processor.running, words);
            again = 0;
        } else if (event == TraceFormat.EVENT && words.length == 2) {
            records.accept(new Event(nanos, words[0], words[1]));
        } else if (event == TraceFormat.LOST_RECORDS && words.length > 0) {
            records.accept(new Lost(nanos, Integer.toUnsignedLong(words[0])));
        } else if (event != TraceFormat.RUNNING_TO_RUNNABLE) {
            List<Integer> list = new ArrayList<>();
            for (int word : words) {
                list.add(word);
            }
            records.accept(new Other(nanos, event, list));
        }
    }

    private void release(Consumer<TraceRecord> records) {
        if (held != null) {
            records.accept(held);
            if (again > 0) {
                runs.add(new Run(held.nanos() + span, held, again));
            }
            held = null;
            if (runs.size() > MOST_RUNS) {
                runs.remove().tell(records);
            }
        }
    }

    /** Tells of the runs that had ended by then. */
    private void settle(long nanos, Consumer<TraceRecord> records) {
        while (!runs.isEmpty() && runs.peek().nanos() <= nanos) {
            runs.remove().tell(records);
        }
    }

    private static Call call(long nanos, int running, int[] words) {
        int number = words[0] & TraceFormat.NUMBER_MASK;
        int next = 1;
        int command = HypercallOp.NO_COMMAND;
        if ((words[0] & TraceFormat.ARGUMENT_0) != 0 && next < words.length) {
            command = words[next++];
        }
        OptionalInt argument = (words[0] & TraceFormat.ARGUMENT_1) != 0 && next < words.length
                ? OptionalInt.of(words[next])
                : OptionalInt.empty();
        return new Call(nanos, running >>> 16, running & 0xffff, name(number, command), argument, 0);
    }

    private static String name(int number, int command) {
        for (HypercallOp op : OPERATIONS) {
            if (op.number() == number && op.command() == command) {
                return op.xenName();
            }
        }
        return "hypercall " + number + (command == HypercallOp.NO_COMMAND ? "" : " command " + command);
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
