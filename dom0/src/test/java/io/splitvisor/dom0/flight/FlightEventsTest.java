// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.flight;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FlightEventsTest {
    @TempDir
    private Path folder;

    @Test
    void shouldTellWhatHappensToWhoeverRecords() throws IOException {
        Path file = folder.resolve("r.jfr");
        Flight.domainCreated(1, "before");
        try (Recording recording = new Recording()) {
            recording.start();
            Flight.domainCreated(2, "web");
            Flight.eventStorm(2, 40);
            Flight.traceDrops(Path.of("/t"), 7);
            Flight.domainDestroyed(2, "web");
            recording.stop();
            recording.dump(file);
        }
        assertThat(RecordingFile.readAllEvents(file))
                .filteredOn(event -> event.getEventType().getName().startsWith("splitvisor."))
                .extracting(event -> event.getEventType().getName()
                        + (event.hasField("name") ? " " + event.getString("name") : "")
                        + (event.hasField("lost") ? " " + event.getLong("lost") : "")
                        + (event.hasField("skipped") ? " " + event.getLong("skipped") : ""))
                .containsExactly(
                        "splitvisor.DomainCreated web",
                        "splitvisor.EventStormDamped 40",
                        "splitvisor.TraceDrops 7",
                        "splitvisor.DomainDestroyed web");
    }
}
