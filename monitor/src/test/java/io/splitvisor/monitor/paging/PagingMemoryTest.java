// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.paging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.splitvisor.abi.Hypercall;
import io.splitvisor.abi.paging.PagingMode;
import io.splitvisor.abi.paging.PagingTrap;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.host.SharedMemory;
import io.splitvisor.monitor.Guest;
import io.splitvisor.monitor.Hypervisor;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What page tables cost of the host's memory: what was touched, and no more. */
class PagingMemoryTest {
    private static final int DOMAINS = 64;

    /** 64 MiB. */
    private static final int PAGES = 16384;

    private static final int BLOCK = 512;

    @TempDir
    private Path folder;

    @ParameterizedTest
    @EnumSource
    void shouldCostWhatWasTouched(PagingMode mode) throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/stat")), "stat (coreutils) is not there");
        DomainLayout layout = new DomainLayout(PAGES, 8, 1);
        try (Hypervisor hypervisor = new Hypervisor()) {
            List<Guest> guests = new ArrayList<>();
            for (int i = 0; i < DOMAINS; i++) {
                guests.add(hypervisor.guest(layout, PagingConfig.of(mode, layout)));
            }
            for (Guest guest : guests) {
                // The header and, for EPT, the root.
                assertThat(bytes(guest.domain().monitorPages())).isLessThanOrEqualTo(2 * 4096);
                assertThat(bytes(guest.domain().memory().shared())).isLessThan(128 * 1024);
            }
            if (mode == PagingMode.EPT) {
                Guest busy = guests.getFirst();
                for (long frame = 0; frame < PAGES; frame++) {
                    hypervisor.call(busy, Hypercall.ARCH_7, PagingTrap.EPT_VIOLATION, frame << 12, 2);
                }
                // 64 MiB in leaves of 2 MiB need one table of each level above the last.
                assertThat(bytes(busy.domain().monitorPages())).isLessThanOrEqualTo(4 * 4096);
            }
        }
    }

    /**
     * What the host has taken for it. The process has no pipes to us: the JVM closes those some time after the process's end,
     * which a test that counts descriptors would take for a domain's.
     */
    private long bytes(SharedMemory memory) throws IOException, InterruptedException {
        String file = "/proc/" + ProcessHandle.current().pid() + "/fd/" + memory.fd();
        Path output = folder.resolve("blocks");
        Process stat = new ProcessBuilder("/usr/bin/stat", "-Lc", "%b", file)
                .redirectInput(new File("/dev/null"))
                .redirectOutput(output.toFile())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        int code = stat.waitFor();
        String blocks = Files.readString(output).strip();
        assertThat(code).as(blocks).isZero();
        return Long.parseLong(blocks) * BLOCK;
    }
}
