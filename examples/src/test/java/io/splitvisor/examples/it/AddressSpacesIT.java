// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.paging.PagingMode;
import io.splitvisor.dom0.config.DiskConfig;
import io.splitvisor.dom0.config.DomainConfig;
import io.splitvisor.dom0.config.PagingChoice;
import io.splitvisor.domu.paging.ShootdownBy;
import io.splitvisor.examples.memory.AddressSpacesGuest;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** The example of guest memory, as a real process in each mode: it prints the same. */
class AddressSpacesIT {
    @Test
    void shouldBehaveAlikeInAllModes() throws IOException {
        try (Dom0Fixture dom0 = new Dom0Fixture()) {
            for (PagingMode mode : PagingMode.values()) {
                // One each: the domain before may still have its disk open.
                String image = "swap-" + mode.word() + ".img";
                Files.write(dom0.folder().resolve(image), new byte[1 << 20]);
                List<DiskConfig> disks = List.of(DiskConfig.parse(List.of(image + ",raw,xvda,w"), dom0.folder()));
                DomainConfig config =
                        Dom0Fixture.jvm("memory-" + mode.word(), AddressSpacesGuest.class, disks).toBuilder()
                                .paging(new PagingChoice(mode, OptionalLong.empty(), true))
                                .build();
                Dom0Fixture.Output console = dom0.console(dom0.create(config));
                console.awaitText("traps and hypercalls about memory: ");
                assertThat(console.text().lines())
                        .contains(
                                "paging: " + mode.word(),
                                "mapped 64 pages, touched one; others read as 0",
                                "after a fork and a write in the child, the parent has 1",
                                "the stack grew down to 7ffeffffd000",
                                "no store to what may only be read: page fault at 1000000000, error code 7",
                                "swapped out 64 pages and read them back: 2016",
                                "given back: true");
                dom0.forgetConsoles();
            }
        }
    }

    /** The example that docs/paging.md has one look at. */
    @Test
    void shouldStayToBeLookedAt() {
        try (Dom0Fixture dom0 = new Dom0Fixture()) {
            int domid = dom0.create(Dom0Fixture.jvm("memory", AddressSpacesGuest.class, List.of(), "stay").toBuilder()
                    .paging(new PagingChoice(PagingMode.SHADOW, OptionalLong.empty(), true))
                    .build());
            dom0.console(domid).awaitText("stays, with 64 pages at 1000000000");
            assertThat(dom0.toolstack().paging(domid).mode()).isEqualTo("shadow");
            assertThat(dom0.toolstack().pageWalk(domid, 0, 0x10_0000_0000L).frame())
                    .isPresent();
        }
    }

    @Test
    void shouldTellOtherVcpusWhatIsGone() throws IOException {
        try (Dom0Fixture dom0 = new Dom0Fixture()) {
            for (PagingMode mode : PagingMode.values()) {
                for (ShootdownBy way : ShootdownBy.values()) {
                    String name = "two-" + mode.word() + "-" + way.name().toLowerCase(Locale.ROOT);
                    DomainConfig config = Dom0Fixture.jvm(name, ShootdownGuest.class, List.of(), way.name()).toBuilder()
                            .vcpus(2, 2)
                            .paging(new PagingChoice(mode, OptionalLong.empty(), true))
                            .build();
                    dom0.console(dom0.create(config)).awaitText(way + ": told true, changed 0");
                    dom0.forgetConsoles();
                }
            }
        }
    }
}
