// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import io.splitvisor.backend.IoLoop;
import io.splitvisor.backend.RingWorker;
import io.splitvisor.driver.testkit.Turns.Turn;
import java.util.HashMap;
import java.util.Map;

/** A loop whose turns are steps: a task, or one worker served, or armed after it was served in vain. */
final class MachineLoop implements IoLoop {
    private final Machine machine;
    private final Life life;
    private final Map<RingWorker, Seat> seats = new HashMap<>();
    private int count;
    private int depth;

    /** A worker's place: it is the key of the worker's steps. */
    private static final class Seat {
        private final String name;
        /** It was served in vain: the next turn arms it. */
        private boolean arming;

        Seat(String name) {
            this.name = name;
        }
    }

    MachineLoop(Machine machine, Life life) {
        this.machine = machine;
        this.life = life;
    }

    @Override
    public synchronized void wake(RingWorker worker) {
        Seat seat = seats.computeIfAbsent(worker, _ -> new Seat(life + ": ring " + count++));
        seat.arming = false;
        turn(worker, seat);
    }

    private void turn(RingWorker worker, Seat seat) {
        machine.turns().add(seat, new Turn(life, seat.name, () -> in(() -> serve(worker, seat))));
    }

    private void serve(RingWorker worker, Seat seat) {
        if (seats.get(worker) != seat) {
            return;
        }
        boolean arm = seat.arming;
        seat.arming = false;
        try {
            if (!arm) {
                seat.arming = worker.serve() == 0;
                turn(worker, seat);
            } else if (worker.arm()) {
                turn(worker, seat);
            }
        } catch (RuntimeException e) {
            seats.remove(worker);
            worker.failed(e);
        }
    }

    private void in(Runnable action) {
        depth++;
        try {
            action.run();
        } finally {
            depth--;
        }
    }

    @Override
    public synchronized void forget(RingWorker worker) {
        seats.remove(worker);
    }

    @Override
    public void execute(Runnable task) {
        machine.turns().add(task, new Turn(life, life + ": loop", () -> in(task)));
    }

    @Override
    public boolean inLoop() {
        return depth > 0;
    }
}
