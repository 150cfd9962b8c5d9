// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.dom0.block.BlockBackend;
import io.splitvisor.dom0.block.BlockConfig;
import io.splitvisor.domu.block.BlockDevice;
import io.splitvisor.domu.block.BlockIo;
import io.splitvisor.domu.block.BlockSettings;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MachineTest {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    private static List<String> run(Order order) {
        try (Machine machine = new Machine(order)) {
            TestGuest guest = machine.newGuest(256);
            TestBackendDomain dom0 = machine.newBackend();
            BlockBackend backend = new BlockBackend(dom0, dom0.store(), (_, _) -> {});
            backend.attach(BlockConfig.of(guest.domid(), 51712, "xvda", new TestDisk(machine, 64), false));
            BlockDevice disk = BlockDevice.open(guest.newFrontend(), 51712, BlockSettings.defaults(), LIMIT);
            BlockIo io = disk.newIo(1);
            io.buffer().fill((byte) 7);
            disk.queue().submit(io.write(8, 4096));
            machine.await("written", io::isDone, LIMIT);
            io.buffer().fill((byte) 0);
            disk.queue().submit(io.read(8, 4096));
            machine.await("read", io::isDone, LIMIT);
            assertThat(io.succeeded()).isTrue();
            assertThat(io.buffer().get(java.lang.foreign.ValueLayout.JAVA_BYTE, 4095))
                    .isEqualTo((byte) 7);
            disk.close();
            machine.run();
            return machine.trace();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9})
    void shouldRunTheBlockPairTheSameWayForTheSameSeed(long seed) {
        List<String> first = run(Order.seeded(seed));
        assertThat(first).hasSizeGreaterThan(20);
        assertThat(run(Order.seeded(seed))).isEqualTo(first);
    }

    @Test
    void shouldRunInAnotherOrderForAnotherSeed() {
        assertThat(run(Order.seeded(1))).isNotEqualTo(run(Order.seeded(2)));
    }

    @Test
    void shouldRepeatWhatAnotherOrderChose() {
        Order order = Order.seeded(99);
        List<String> first = run(order);
        assertThat(run(Order.replay(order.choices()))).isEqualTo(first);
    }
}
