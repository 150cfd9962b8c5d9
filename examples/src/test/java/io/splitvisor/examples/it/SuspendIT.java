// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.splitvisor.dom0.config.DiskConfig;
import io.splitvisor.dom0.toolstack.Condition;
import io.splitvisor.dom0.toolstack.ShutdownReason;
import io.splitvisor.dom0.toolstack.ToolstackException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Guests that are suspended in the middle of their work, and resumed. */
class SuspendIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Pattern DURABLE = Pattern.compile("durable (\\d+)");
    private static final int RECORDS = 4096;
    private static final int ROUNDS = 4;

    @TempDir
    private Path folder;

    private final Dom0Fixture dom0 = new Dom0Fixture();
    private Path disk;

    @BeforeEach
    void makeDisk() throws IOException {
        disk = folder.resolve("journal disk.img");
        try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "rw")) {
            file.setLength((long) RECORDS * JournalRecord.BYTES);
        }
    }

    @AfterEach
    void stop() {
        dom0.close();
    }

    private int journal() {
        return dom0.create(Dom0Fixture.jvm(
                "journal", JournalGuest.class, List.of(DiskConfig.parse(List.of("vdev=xvda,target=" + disk), folder))));
    }

    private static long durable(Dom0Fixture.Output console) {
        Matcher matcher = DURABLE.matcher(console.text());
        long last = 0;
        while (matcher.find()) {
            last = Long.parseLong(matcher.group(1));
        }
        return last;
    }

    private void suspend(int domid) {
        dom0.toolstack().shutdown(domid, ShutdownReason.SUSPEND);
        assertThat(dom0.toolstack().waitFor(domid, Condition.SHUTDOWN, PATIENCE).shutdown())
                .contains(ShutdownReason.SUSPEND);
    }

    /** As it was, or as a new domain, in which its disk connects anew. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldLoseNothingThatWasInFlight(boolean anew) throws IOException {
        int domid = journal();
        Dom0Fixture.Output console = dom0.console(domid);
        console.awaitText("durable");
        for (int round = 0; round < ROUNDS; round++) {
            suspend(domid);
            long before = durable(console);
            dom0.toolstack().resume(domid, anew);
            await().atMost(PATIENCE).until(() -> durable(console) > before + 20);
        }
        long written = durable(console);
        dom0.toolstack().destroy(domid);
        assertThat(console.text()).doesNotContain("Exception");
        assertRecords(written);
    }

    /** Every record that the guest called durable is in the file, whole. */
    private void assertRecords(long count) throws IOException {
        byte[] bytes = new byte[JournalRecord.BYTES];
        try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "r")) {
            for (long number = 0; number < count; number++) {
                file.readFully(bytes);
                assertThat(JournalRecord.is(bytes, number))
                        .as("record " + number)
                        .isTrue();
            }
        }
    }

    /**
     * As xl's {@code resume}: the call returns 1, and everything that was bound still is. As a new domain: 0, and front ends have
     * other ports; but Dom0's own channels and the guest's interrupts stay, for the domain is the same one.
     */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldKeepWhatIsBound(boolean anew) {
        int domid = dom0.create(Dom0Fixture.jvm("sleeper", SleeperGuest.class, 2));
        Dom0Fixture.Output console = dom0.console(domid);
        for (int round = 1; round <= 2; round++) {
            assertThat(dom0.toolstack()
                            .waitFor(domid, Condition.SHUTDOWN, PATIENCE)
                            .shutdown())
                    .contains(ShutdownReason.SUSPEND);
            dom0.toolstack().resume(domid, anew);
            console.awaitText("round " + round + ": a new domain " + anew + ", a timer, an interrupt, a store");
        }
    }

    @Test
    void shouldBeDestroyedWhileItIsSuspended() {
        int domid = journal();
        dom0.console(domid).awaitText("durable");
        suspend(domid);
        assertThatThrownBy(() -> dom0.toolstack().pause(domid))
                .isInstanceOf(ToolstackException.class)
                .hasMessageContaining("has shut down");
        dom0.toolstack().destroy(domid);
        assertThat(dom0.toolstack().list()).noneMatch(domain -> domain.domid() == domid);
    }

    @Test
    void shouldResumeOnlyWhatIsSuspended() {
        int domid = journal();
        assertThatThrownBy(() -> dom0.toolstack().resume(domid))
                .isInstanceOf(ToolstackException.class)
                .hasMessageContaining("is not suspended");
    }
}
