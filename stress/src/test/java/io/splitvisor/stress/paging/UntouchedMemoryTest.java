// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.stress.paging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.splitvisor.abi.paging.PagingCounter;
import io.splitvisor.abi.paging.PagingMode;
import io.splitvisor.domu.paging.AddressSpace;
import io.splitvisor.domu.paging.Processor;
import io.splitvisor.domu.paging.Protection;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Sixty-four domains of 64 MiB cost the host what they touched, and their tables: pages of their memfds that the host backs. */
class UntouchedMemoryTest {
    private static final Path MAPS = Path.of("/proc/self/smaps");
    private static final int DOMAINS = 64;
    private static final int TOUCHED_KIB = 1024;
    private static final long BASE = 0x10_0000_0000L;
    private static final int PAGE = 4096;

    /** What this process has of memfds, in KiB. */
    private static long resident() throws IOException {
        long sum = 0;
        boolean memfd = false;
        for (String line : Files.readAllLines(MAPS)) {
            if (line.startsWith("Rss:")) {
                sum += memfd ? Long.parseLong(line.replaceAll("\\D", "")) : 0;
            } else if (Character.digit(line.charAt(0), 16) >= 0 && line.contains("-")) {
                memfd = line.contains("memfd:");
            }
        }
        return sum;
    }

    /** @param most KiB a domain beside what its program touched: the kernel's tables, rings, the monitor's maps and tables */
    @ParameterizedTest
    @CsvSource({"NONE, 150", "SHADOW, 250", "REGISTERED, 600", "EPT, 200"})
    void shouldCostWhatWasTouched(PagingMode mode, long most) throws IOException {
        assumeTrue(Files.isReadable(MAPS), "/proc/self/smaps");
        List<PagedGuest> guests = new ArrayList<>();
        long before = resident();
        try {
            long tables = 0;
            for (int i = 0; i < DOMAINS; i++) {
                PagedGuest guest = new PagedGuest(mode, 1, 4096, i);
                guests.add(guest);
                touch(guest);
                tables += guest.counter(PagingCounter.POOL_USED);
            }
            long each = (resident() - before) / DOMAINS;
            System.out.printf(
                    "%s: %d domains of 64 MiB that touched %d KiB each cost %d KiB each, of which tables %d KiB%n",
                    mode.word(), DOMAINS, TOUCHED_KIB, each, tables * 4 / DOMAINS);
            assertThat(each).isBetween((long) TOUCHED_KIB, TOUCHED_KIB + most);
        } finally {
            guests.forEach(PagedGuest::close);
        }
    }

    private static void touch(PagedGuest guest) {
        Processor cpu = guest.spaces.processor(0);
        AddressSpace space = guest.spaces.create(cpu);
        cpu.enter(space);
        space.map(cpu, BASE, TOUCHED_KIB << 10, Protection.READ_WRITE);
        for (long at = BASE; at < BASE + (TOUCHED_KIB << 10); at += PAGE) {
            cpu.putLong(at, at);
        }
    }
}
