// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.splitvisor.abi.io.XenbusState;
import io.splitvisor.driver.testkit.ConnectionMatrix.Cell;
import io.splitvisor.driver.testkit.TestedFrontend.Exchange;
import io.splitvisor.driver.testkit.TestedFrontend.Opened;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** One cell of the matrix: comes to the state, lets it happen, and looks how it ends. */
final class MatrixRun {
    private static final Duration SLOWNESS = Duration.ofSeconds(2);
    private static final Duration TO_THE_STATE = Duration.ofMinutes(2);

    private final Pair pair;
    private final Cell cell;
    private final Machine machine;

    /** Done when the front end has closed, if it was asked to. */
    private CompletableFuture<Void> closed;

    /** The matrix has written the state that the end should have. */
    private boolean forced;

    MatrixRun(Pair pair, Cell cell) {
        this.pair = pair;
        this.cell = cell;
        this.machine = pair.machine();
    }

    void run() {
        if (!reach()) {
            // A state that this driver never has: it is out of its mind.
            forced = true;
            machine.store()
                    .write(
                            pair.folder(cell.whose()) + "/state",
                            Integer.toString(cell.state().code()));
        }
        Opened before = pair.front();
        Exchange waiting = before.submit();
        happen();
        if (forced) {
            // Nobody has heard of it yet.
            machine.advance(TO_THE_STATE);
        }
        boolean settled = machine.runUntil(this::isSettled, Pair.LIMIT);
        assertTrue(
                settled,
                () -> "stuck: front " + pair.state(End.FRONT) + ", back " + pair.state(End.BACK) + machine.describe());
        if (!pair.isAlive(End.FRONT)) {
            machine.await("nothing mapped", () -> pair.guest().domain().grants().inUse() == 0, Pair.LIMIT);
        } else if (pair.front().isConnected()) {
            assertTrue(pair.exchange(2), () -> "connected, and does not work" + machine.describe());
        } else {
            assertReason();
        }
        if (pair.isAlive(End.FRONT) && pair.front().equals(before)) {
            machine.await(
                    "the request made before is over",
                    () -> {
                        before.poll();
                        return waiting.isDone();
                    },
                    Pair.LIMIT);
        }
    }

    /** Goes on until the end has the state: on the way up, or, for those of the way down, after something that leads there. */
    private boolean reach() {
        if (machine.runUntil(this::isThere, Duration.ofSeconds(1))) {
            return true;
        }
        if (cell.whose() == End.BACK && isOfTheEnd(cell.state())) {
            pair.back().detach(false);
        } else if (cell.state() == XenbusState.CLOSED) {
            closed = pair.front().close();
        } else if (cell.state() == XenbusState.CLOSING) {
            machine.store().write(pair.folder(End.BACK) + "/state", "garbage");
        } else {
            return false;
        }
        return machine.runUntil(this::isThere, TO_THE_STATE);
    }

    private static boolean isOfTheEnd(XenbusState state) {
        return state == XenbusState.CLOSING || state == XenbusState.CLOSED;
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

    /** Connected, or over for all that are left. */
    private boolean isSettled() {
        if (pair.isAlive(End.FRONT) && pair.isAlive(End.BACK) && isConnected()) {
            return true;
        }
        boolean frontOver = !pair.isAlive(End.FRONT) || isFrontOver();
        boolean backOver = !pair.isAlive(End.BACK) || isBackOver();
        return frontOver && backOver;
    }

    /** What is wrong with a node that the matrix wrote does not matter, as long as the ends understand each other. */
    private boolean isConnected() {
        boolean written = forced && isThere();
        return pair.front().isConnected() && (written || pair.isConnected());
    }

    private boolean isFrontOver() {
        return !pair.front().isConnected() && (isEnd(End.FRONT) || pair.front().isGone());
    }

    /** A back end in InitWait waits for whatever front end may come; that is no connection that hangs. */
    private boolean isBackOver() {
        return isEnd(End.BACK) || pair.state(End.BACK) == XenbusState.INIT_WAIT;
    }

    private boolean isEnd(End end) {
        return pair.state(end) == XenbusState.CLOSED || pair.state(end) == XenbusState.UNKNOWN;
    }

    /** Somebody who looks for the reason finds one: that it was closed on purpose is one, too. */
    private void assertReason() {
        boolean onPurpose = closed != null;
        assertTrue(
                onPurpose || !pair.frontReason().isEmpty() || !pair.backReason().isEmpty(),
                () -> "closed, and nobody says why" + machine.describe());
    }
}
