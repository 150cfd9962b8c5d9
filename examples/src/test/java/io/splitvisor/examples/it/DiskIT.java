// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.dom0.config.DiskConfig;
import io.splitvisor.dom0.toolstack.Condition;
import io.splitvisor.dom0.toolstack.DomainInfo;
import io.splitvisor.examples.copy.CopyGuest;
import io.splitvisor.examples.kv.KeyValueGuest;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiskIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

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

    private Path image(String name, int bytes, long seed) throws IOException {
        Path path = folder.resolve(name);
        byte[] content = new byte[bytes];
        if (seed != 0) {
            new Random(seed).nextBytes(content);
        }
        return Files.write(path, content);
    }

    private static DiskConfig disk(Path image, String vdev, String access) {
        return DiskConfig.parse(List.of(image + ",raw," + vdev + "," + access), image.getParent());
    }

    @Test
    void shouldCopyADisk() throws IOException {
        Path source = image("source.img", 9 << 20, 1);
        Path target = image("target.img", 9 << 20, 0);
        int domid = dom0.create(Dom0Fixture.jvm(
                "copy", CopyGuest.class, List.of(disk(source, "xvda", "r"), disk(target, "xvdb", "w"))));
        Dom0Fixture.Output console = dom0.console(domid);
        dom0.toolstack().waitFor(domid, Condition.DEATH, PATIENCE);
        console.awaitText("9437184 bytes, verified");
        assertThat(Files.mismatch(source, target)).isEqualTo(-1);
        assertThat(dom0.summary()).contains("copy").contains("xvdb");
    }

    /** The block back end maps what the guest grants in either form. */
    @Test
    void shouldCopyADiskWithGrantsOfVersionTwo() throws IOException {
        Path source = image("source.img", 3 << 20, 2);
        Path target = image("target.img", 3 << 20, 0);
        List<DiskConfig> disks = List.of(disk(source, "xvda", "r"), disk(target, "xvdb", "w"));
        int domid = dom0.create(Dom0Fixture.jvm("copy", CopyGuest.class, disks, "grant_table.version=2"));
        Dom0Fixture.Output console = dom0.console(domid);
        dom0.toolstack().waitFor(domid, Condition.DEATH, PATIENCE);
        console.awaitText("3145728 bytes, verified");
        assertThat(Files.mismatch(source, target)).isEqualTo(-1);
    }

    @Test
    void shouldKeepWhatAStoreSyncedThroughDestroyAndCreate() throws IOException {
        Path image = image("kv.img", 1 << 20, 0);
        List<DiskConfig> disks = List.of(disk(image, "xvda", "w"));
        int first = dom0.create(Dom0Fixture.jvm("kv", KeyValueGuest.class, disks));
        Dom0Fixture.Output console = dom0.console(first);
        console.awaitText("0 keys from earlier lives");
        console.type("put colour light blue");
        console.awaitText("ok");
        dom0.toolstack().destroy(first);

        int second = dom0.create(Dom0Fixture.jvm("kv", KeyValueGuest.class, disks));
        Dom0Fixture.Output again = dom0.console(second);
        again.awaitText("1 keys from earlier lives");
        again.type("get colour");
        again.awaitText("light blue");
    }

    @Test
    void shouldAttachAndDetachADiskWhileTheGuestRuns() throws IOException {
        int domid = dom0.create(Dom0Fixture.jvm("hot", EchoGuest.class, List.of()));
        Path image = image("hot.img", 1 << 20, 3);
        int devid = dom0.toolstack().blockAttach(domid, disk(image, "xvdc", "w"));
        assertThat(dom0.toolstack().blockList(domid)).hasSize(1);
        assertThat(dom0.toolstack().blockList(domid).getFirst().devid()).isEqualTo(devid);
        dom0.toolstack().blockDetach(domid, devid, false);
        assertThat(dom0.toolstack().blockList(domid)).isEmpty();
        assertThat(dom0.toolstack().list()).extracting(DomainInfo::name).contains("hot");
    }

    @Test
    void shouldRefuseASecondWriterOfAnImage() throws IOException {
        Path image = image("one.img", 1 << 20, 0);
        dom0.create(Dom0Fixture.jvm("first", EchoGuest.class, List.of(disk(image, "xvda", "w"))));
        org.assertj.core.api.Assertions.assertThatThrownBy(() ->
                        dom0.create(Dom0Fixture.jvm("second", EchoGuest.class, List.of(disk(image, "xvda", "w")))))
                .hasMessageContaining("one.img");
        assertThat(dom0.toolstack().list()).hasSize(2);
    }

    @Test
    void shouldServeAnImageOfAnOddSize() throws IOException {
        Path source = image("odd.img", 5 * 512, 7);
        try (RandomAccessFile file = new RandomAccessFile(source.toFile(), "rw")) {
            file.setLength(5 * 512 + 100);
        }
        Path target = image("t.img", 5 * 512, 0);
        int domid = dom0.create(
                Dom0Fixture.jvm("odd", CopyGuest.class, List.of(disk(source, "xvda", "r"), disk(target, "xvdb", "w"))));
        Dom0Fixture.Output console = dom0.console(domid);
        dom0.toolstack().waitFor(domid, Condition.DEATH, PATIENCE);
        console.awaitText("2560 bytes, verified");
    }
}
