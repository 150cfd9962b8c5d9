// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.dom0.config.DiskConfig;
import io.splitvisor.dom0.toolstack.Condition;
import io.splitvisor.examples.copy.CopyGuest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Guests in processes of their own that take their events by the FIFO ABI, and on several vCPUs. */
class EventsIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String FIFO = "xen.fifo_events=1";

    @TempDir
    private Path folder;

    private Dom0Fixture dom0;

    @BeforeEach
    void start() {
        dom0 = new Dom0Fixture();
    }

    @AfterEach
    void stop() {
        dom0.close();
    }

    @Test
    void shouldUseTheAbiThatTheCommandLineChooses() {
        int domid = dom0.create(Dom0Fixture.jvm("events", EventsGuest.class, List.of(), "one", FIFO, "two"));
        Dom0Fixture.Output console = dom0.console(domid);
        console.awaitText("done");
        assertThat(console.text()).contains("arguments [one, two]", "fifo true", "ipi on vcpu0");
    }

    @Test
    void shouldSendAnIpiToAnotherVcpu() {
        int domid = dom0.create(Dom0Fixture.jvm("smp", EventsGuest.class, 3));
        Dom0Fixture.Output console = dom0.console(domid);
        console.awaitText("done");
        assertThat(console.text()).contains("fifo false", "ipi on vcpu2");
    }

    @Test
    void shouldCopyADiskByTheFifoAbi() throws IOException {
        byte[] content = new byte[5 << 20];
        new Random(5).nextBytes(content);
        Path source = Files.write(folder.resolve("source.img"), content);
        Path target = Files.write(folder.resolve("target.img"), new byte[content.length]);
        int domid = dom0.create(Dom0Fixture.jvm(
                "copy", CopyGuest.class, List.of(disk(source, "xvda", "r"), disk(target, "xvdb", "w")), FIFO));
        Dom0Fixture.Output console = dom0.console(domid);
        dom0.toolstack().waitFor(domid, Condition.DEATH, PATIENCE);
        console.awaitText(content.length + " bytes, verified");
        assertThat(Files.mismatch(source, target)).isEqualTo(-1);
    }

    private static DiskConfig disk(Path image, String vdev, String access) {
        return DiskConfig.parse(List.of(image + ",raw," + vdev + "," + access), image.getParent());
    }
}
