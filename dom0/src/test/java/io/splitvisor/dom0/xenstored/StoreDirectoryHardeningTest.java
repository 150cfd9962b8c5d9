// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.xenstored;

import static io.splitvisor.xenstore.XsMessageType.DIRECTORY;
import static io.splitvisor.xenstore.XsMessageType.DIRECTORY_PART;
import static io.splitvisor.xenstore.XsMessageType.MKDIR;
import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.xenstore.XsWire;
import org.junit.jupiter.api.Test;

/** Directories that are longer than a message. */
class StoreDirectoryHardeningTest extends HardenedStore {
    @Test
    void x25_shouldListDirectoriesThatAreTooLongInParts() {
        bench.domain(1).quotas().set(Quota.NODE_SIZE, 0);
        for (int i = 0; i < 600; i++) {
            guest.ask(MKDIR, "dir/child-number-" + i);
        }
        assertThat(guest.ask(DIRECTORY, "dir")).isEqualTo("E2BIG");
        StringBuilder all = new StringBuilder();
        String part;
        int parts = 0;
        do {
            part = guest.ask(DIRECTORY_PART, "dir", Integer.toString(all.length()));
            all.append(part, part.indexOf('|') + 1, part.length());
            parts++;
        } while (!part.endsWith("||"));
        assertThat(parts).isGreaterThan(1);
        assertThat(all.toString()).startsWith("child-number-0|").endsWith("child-number-599||");
        assertThat(all.chars().filter(c -> c == '|').count()).isEqualTo(601);
        assertThat(guest.ask(DIRECTORY_PART, "dir", "999999")).matches("[0-9]+\\|\\|");
        assertThat(guest.ask(DIRECTORY_PART, "dir", "-1")).isEqualTo("EINVAL");
        assertThat(guest.ask(DIRECTORY_PART, "dir")).isEqualTo("EINVAL");
        guest.ask(MKDIR, "empty");
        assertThat(guest.ask(DIRECTORY_PART, "empty", "0")).matches("[0-9]+\\|\\|");
    }

    @Test
    void x25_shouldFillPartsToTheLastByteAndNoFurther() {
        for (int length = 1; length < 8; length++) {
            String dir = "/fill-" + length;
            for (int i = 0; i < 3000; i++) {
                dom0.ask(
                        MKDIR,
                        dir + "/" + Integer.toString(1_000_000 + i).substring(7 - Math.max(length, 4))
                                + "x".repeat(length));
            }
            int children = bench.core().tree().get(dir).children().length;
            int offset = 0;
            int names = 0;
            String part;
            do {
                part = dom0.ask(DIRECTORY_PART, dir, Integer.toString(offset));
                assertThat(part).matches("(?s)[0-9]+\\|.*").hasSizeLessThanOrEqualTo(XsWire.PAYLOAD_MAX);
                String listing = part.substring(part.indexOf('|') + 1);
                names += (int) listing.chars().filter(c -> c == '|').count();
                offset += listing.length();
            } while (!part.endsWith("||"));
            assertThat(names - 1).isEqualTo(children);
        }
    }

    @Test
    void x25_shouldNotOverflowAPartThatIsExactlyFull() {
        for (int spare = 0; spare < 4; spare++) {
            String dir = "/exact-" + spare;
            dom0.ask(MKDIR, dir);
            Node node = bench.core().tree().get(dir);
            for (int i = 0; node.childBytes() < 3900; i++) {
                dom0.ask(MKDIR, dir + "/n" + i);
                node = bench.core().tree().get(dir);
            }
            int generation = Long.toString(node.generation() + 1).length() + 1;
            int left = XsWire.PAYLOAD_MAX - generation - node.childBytes() - spare;
            dom0.ask(MKDIR, dir + "/" + "z".repeat(left - 1));
            String part = dom0.ask(DIRECTORY_PART, dir, "0");
            assertThat(part).doesNotStartWith("E");
            assertThat(part.endsWith("||")).isEqualTo(spare > 0);
            assertThat(part.length()).isLessThanOrEqualTo(XsWire.PAYLOAD_MAX);
        }
    }
}
