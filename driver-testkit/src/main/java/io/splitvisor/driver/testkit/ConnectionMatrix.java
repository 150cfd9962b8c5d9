// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import io.splitvisor.abi.io.XenbusState;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * A front end and a back end with each other, and something that happens to one of them while one of them is in some state:
 * all of it. Whatever it is, within the time limits both are connected and work, or each that is left has closed and
 * says why. To be extended by a test class of the driver.
 *
 * <p>A state that neither driver ever has ({@code Unknown}, {@code Reconfiguring}...) is written into its node by the matrix,
 * as one that is out of its mind would.
 */
public abstract class ConnectionMatrix {
    /** The back end; asked for anew for each test. */
    protected abstract TestedBackend backend();

    /** The front end; asked for anew for each test. */
    protected abstract TestedFrontend frontend();

    /** In how many orders each cell is run. */
    protected int orders() {
        return 3;
    }

    /** What happens to an end. */
    enum Event {
        DIES,
        RESTARTS,
        WRITES_GARBAGE,
        IS_SLOW
    }

    /** The matrix, state by state. */
    @TestFactory
    final Stream<DynamicNode> matrix() {
        return Stream.of(XenbusState.values())
                .map(state -> DynamicContainer.dynamicContainer(state.toString(), cells(state).stream()));
    }

    private List<DynamicNode> cells(XenbusState state) {
        List<DynamicNode> cells = new ArrayList<>();
        for (End whose : End.values()) {
            for (Event event : Event.values()) {
                for (End end : End.values()) {
                    for (long seed = 0; seed < orders(); seed++) {
                        cells.add(cell(new Cell(state, whose, event, end), seed));
                    }
                }
            }
        }
        return cells;
    }

    /**
     * A cell.
     *
     * @param whose end has to be in the state
     * @param end that something happens to
     */
    record Cell(XenbusState state, End whose, Event event, End end) {
        @Override
        public String toString() {
            return end + " end "
                    + event.name().toLowerCase(java.util.Locale.ROOT).replace('_', ' ') + " while " + whose + " end is "
                    + state;
        }
    }

    private DynamicTest cell(Cell cell, long seed) {
        return DynamicTest.dynamicTest(cell + ", seed " + seed, () -> {
            try (Pair pair = new Pair(backend(), frontend(), Order.seeded(seed), FaultPlan.none())) {
                new MatrixRun(pair, cell).run();
            }
        });
    }
}
