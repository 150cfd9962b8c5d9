// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.splitvisor.abi.io.XenbusState;
import io.splitvisor.driver.testkit.ConnectionMatrix.Cell;
import io.splitvisor.driver.testkit.FrontendUnderTest.Exchange;
import java.time.Duration;

/** One cell of the matrix: comes to the state, lets it happen, and looks how it ends. */
final class MatrixRun {
    private static final Duration SLOWNESS = Duration.ofSeconds(2);
    private static final Duration TO_THE_STATE = Duration.ofMinutes(2);

    private final Pair pair;
    private final Cell cell;
    private final Machine machine;

    MatrixRun(Pair pair, Cell cell) {
        this.pair = pair;
        this.cell = cell;
        this.machine = pair.machine();
    }

    void run() {
        boolean reached = reach();
        if (!reached) {
            // A state that this driver never has: it is out of its mind.
            machine.store()
                    .write(
                            pair.folder(cell.whose()) + "/state",
                            Integer.toString(cell.state().code()));
        }
        Exchange waiting = pair.front().submit();
        happen();
        boolean settled = machine.runUntil(this::isSettled, Pair.LIMIT);
        assertTrue(
                settled,
                () -> "stuck: front " + pair.state(End.FRONT) + ", back " + pair.state(End.BACK) + machine.describe());
        if (pair.isAlive(End.FRONT) && pair.front().isConnected()) {
            assertTrue(pair.exchange(2), () -> "connected, and does not work" + machine.describe());
        } else {
            assertReasons();
        }
        if (pair.isAlive(End.FRONT)) {
            machine.await(
                    "the request made before is over",
                    () -> {
                        pair.front().poll();
                        return waiting.isDone();
                    },
                    Pair.LIMIT);
        } else {
            assertEquals(0, pair.guest().domain().grants().inUse(), () -> "pages still mapped" + machine.describe());
        }
    }

    /** Goes on until the end has the state: on the way up, or, for those of the way down, after it was asked to close. */
    private boolean reach() {
        if (machine.runUntil(this::isThere, Duration.ofSeconds(1))) {
            return true;
        }
        boolean down = cell.state() == XenbusState.CLOSING || cell.state() == XenbusState.CLOSED;
        if (!down) {
            return false;
        }
        // Whoever it is that closes, both go through these.
        if (cell.whose() == End.FRONT) {
            pair.front().close();
        } else {
            pair.back().detach(false);
        }
        return machine.runUntil(this::isThere, TO_THE_STATE);
    }

    private boolean isThere() {
        return pair.state(cell.whose()) == cell.state();
    }

    private void happen() {
        switch (cell.event()) {
            case DIES -> pair.die(cell.end());
            case RESTARTS -> pair.restart(cell.end());
            case WRITES_GARBAGE -> garbage();
            case IS_SLOW -> machine.slow(cell.end(), SLOWNESS);
        }
    }

    private void garbage() {
        String folder = pair.folder(cell.end());
        if (machine.store().exists(folder)) {
            machine.store().write(folder + "/state", "garbage");
        }
    }

    /** Connected and at work, or over for all that are left. */
    private boolean isSettled() {
        if (pair.isAlive(End.FRONT) && pair.isAlive(End.BACK) && pair.isConnected()) {
            return true;
        }
        boolean frontOver = !pair.isAlive(End.FRONT) || isOver(End.FRONT);
        boolean backOver = !pair.isAlive(End.BACK) || isOver(End.BACK);
        return frontOver && backOver;
    }

    /** Closed, gone, or nothing that a closed front end would make wait. */
    private boolean isOver(End end) {
        XenbusState state = pair.state(end);
        boolean closed = state == XenbusState.CLOSED || state == XenbusState.UNKNOWN;
        // A back end in InitWait waits for whatever front end may come; that is no connection that hangs.
        boolean waits = end == End.BACK && state == XenbusState.INIT_WAIT;
        return end == End.FRONT ? closed && !pair.front().isConnected() : closed || waits;
    }

    private void assertReasons() {
        if (pair.isAlive(End.FRONT)) {
            assertTrue(
                    !pair.frontReason().isEmpty() || !pair.backReason().isEmpty(),
                    () -> "closed, and nobody says why" + machine.describe());
        }
    }
}
