// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.stress.paging;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.paging.MonitorHeader;
import io.splitvisor.abi.paging.MonitorLayout;
import io.splitvisor.abi.paging.PagingMode;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.domu.memory.GuestMemory;
import io.splitvisor.domu.paging.AddressSpaces;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BareGuestTest {
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void shouldBehaveAsTheModelSays(long seed) {
        DomainLayout layout = new DomainLayout(16384, 2, 3);
        MemorySegment ram = Arena.ofAuto().allocate(layout.totalBytes(), 4096);
        MonitorLayout monitorLayout = MonitorLayout.of(layout, layout.ramPages(), 0);
        MemorySegment monitor = Arena.ofAuto().allocate(monitorLayout.bytes(), 4096);
        MonitorHeader.write(monitor, monitorLayout, PagingMode.NONE, 0, layout.vcpus());
        AddressSpaces spaces = new AddressSpaces(new GuestMemory(ram, layout), monitor, vcpu -> null, 8192, true);
        spaces.swapTo(new MemorySwap(64));
        PagingProgram warmUp = new PagingProgram(spaces, 3, seed);
        warmUp.run(100);
        warmUp.end();
        int free = spaces.freeFrames();
        PagingProgram program = new PagingProgram(spaces, 3, seed);
        long start = System.nanoTime();
        program.run(100_000);
        System.out.println("seed " + seed + ": " + (System.nanoTime() - start) / 100_000 + " ns a step, "
                + program.faults() + " faults");
        program.end();
        assertThat(spaces.freeFrames()).isEqualTo(free);
    }
}
