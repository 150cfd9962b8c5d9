// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.loop;

import io.splitvisor.host.TimerFd;
import io.splitvisor.monitor.time.Alarm;
import java.util.Arrays;

/**
 * The alarms of one loop: a heap of those that are set, the nearest first, and a timer that ends the loop's sleep when it is
 * due. Confined to the loop. Times are {@link System#nanoTime}, which is system time.
 */
final class LoopAlarms implements AutoCloseable {
    private static final int NOT_SET = -1;
    private static final int FIRST_ROOM = 16;
    private static final long NEVER = Long.MAX_VALUE;

    private final TimerFd timer = new TimerFd();
    private LoopAlarm[] heap = new LoopAlarm[FIRST_ROOM];
    private int count;

    /** When the timer will come; {@link #NEVER} if it will not. */
    private long timerAt = NEVER;

    private final class LoopAlarm implements Alarm {
        private final Runnable due;
        private long time;
        private int index = NOT_SET;

        private LoopAlarm(Runnable due) {
            this.due = due;
        }

        @Override
        public void set(long systemTime) {
            time = systemTime;
            if (index == NOT_SET) {
                if (count == heap.length) {
                    heap = Arrays.copyOf(heap, 2 * count);
                }
                index = count++;
                heap[index] = this;
            }
            siftDown(siftUp(index));
        }

        @Override
        public void cancel() {
            if (index != NOT_SET) {
                int hole = index;
                index = NOT_SET;
                LoopAlarm last = heap[--count];
                heap[count] = null;
                if (last != this) {
                    place(last, hole);
                    siftDown(siftUp(hole));
                }
            }
        }
    }

    /** The descriptor that is ready when the nearest alarm is due, after {@link #prepareSleep}. */
    int fd() {
        return timer.fd();
    }

    /** An alarm, not set. Any thread. */
    Alarm newAlarm(Runnable due) {
        return new LoopAlarm(due);
    }

    boolean isEmpty() {
        return count == 0;
    }

    /**
     * Calls what is due. What is set meanwhile, even to a time that has passed, has to wait for the next call.
     *
     * @return how many were called
     */
    int runDue(long now) {
        int called = 0;
        // No more than there are now: one that sets itself to the past does not keep the rings waiting.
        for (int most = count; called < most && count > 0 && heap[0].time <= now; called++) {
            LoopAlarm first = heap[0];
            first.cancel();
            first.due.run();
        }
        return called;
    }

    /** The loop is about to sleep: the descriptor will be ready in time. */
    void prepareSleep() {
        long nearest = count == 0 ? NEVER : heap[0].time;
        // One set for too early wakes the loop once for nothing, which is cheaper than to set it again each time.
        if (nearest < timerAt) {
            timer.set(nearest);
            timerAt = nearest;
        }
    }

    /** The loop has slept. */
    void slept(long now) {
        if (timerAt <= now) {
            timerAt = NEVER;
        }
    }

    private void place(LoopAlarm alarm, int index) {
        heap[index] = alarm;
        alarm.index = index;
    }

    private int siftUp(int from) {
        int at = from;
        while (at > 0 && heap[at].time < heap[(at - 1) / 2].time) {
            at = swap(at, (at - 1) / 2);
        }
        return at;
    }

    private void siftDown(int from) {
        int at = from;
        while (true) {
            int least = at;
            for (int child = 2 * at + 1; child <= 2 * at + 2 && child < count; child++) {
                if (heap[child].time < heap[least].time) {
                    least = child;
                }
            }
            if (least == at) {
                return;
            }
            at = swap(at, least);
        }
    }

    private int swap(int a, int b) {
        LoopAlarm moved = heap[a];
        place(heap[b], a);
        place(moved, b);
        return b;
    }

    @Override
    public void close() {
        timer.close();
    }
}
