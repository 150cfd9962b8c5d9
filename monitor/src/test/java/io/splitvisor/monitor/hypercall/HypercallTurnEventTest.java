// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.Hypercall;
import io.splitvisor.abi.XenVersion;
import io.splitvisor.monitor.Guest;
import io.splitvisor.monitor.Hypervisor;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HypercallTurnEventTest {
    private static final String NAME = "splitvisor.HypercallTurn";

    @TempDir
    private Path folder;

    private List<RecordedEvent> recorded(Duration threshold, String file) throws IOException {
        try (Hypervisor hypervisor = new Hypervisor();
                Recording recording = new Recording()) {
            Guest guest = hypervisor.guest();
            HypercallRing ring = new HypercallRing(guest.domain(), 0, hypervisor.table());
            recording.enable(NAME).withThreshold(threshold);
            recording.start();
            for (int turn = 1; turn <= 3; turn++) {
                for (int i = 0; i < turn; i++) {
                    guest.stage(Hypercall.XEN_VERSION, XenVersion.VERSION);
                }
                guest.push();
                ring.serve();
                guest.results();
            }
            recording.stop();
            recording.dump(folder.resolve(file));
        }
        return RecordingFile.readAllEvents(folder.resolve(file)).stream()
                .filter(event -> event.getEventType().getName().equals(NAME))
                .toList();
    }

    @Test
    void shouldRecordTurnsThatTakeLongerThanTheThreshold() throws IOException {
        List<RecordedEvent> all = recorded(Duration.ZERO, "all.jfr");
        assertThat(all).extracting(event -> event.getInt("served")).containsExactly(1, 2, 3);
        assertThat(all).extracting(event -> event.getInt("found")).containsExactly(1, 2, 3);
        assertThat(all).allMatch(event -> event.getInt("domid") > 0 && event.getInt("vcpu") == 0);
        assertThat(recorded(Duration.ofHours(1), "none.jfr")).isEmpty();
    }
}
