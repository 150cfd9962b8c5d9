// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.DomId;
import io.splitvisor.abi.MulticallEntry;
import io.splitvisor.abi.XenDomctl;
import io.splitvisor.abi.paging.PagingMode;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.hypercall.HypercallArgument;
import io.splitvisor.hypercall.HypercallOp;
import io.splitvisor.monitor.Guest;
import io.splitvisor.monitor.Hypervisor;
import io.splitvisor.monitor.paging.PagingConfig;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A guest that makes every operation there is, with structures that are nearly right: domains, frames, addresses of lists,
 * small numbers, and the values at which arithmetic goes wrong. Another guest's memory stays as it is, counts add up, and
 * the monitor never fails. With {@code -Dsplitvisor.long=true} for a minute each, with {@code -Dfuzz.seconds} as long as
 * that.
 */
class OperationsFuzzPropertyTest {
    private static final long SECONDS = Long.getLong("fuzz.seconds", Boolean.getBoolean("splitvisor.long") ? 60 : 3);
    private static final DomainLayout LAYOUT = new DomainLayout(64, 2, 2);
    private static final long RAM = DomainLayout.bytes(LAYOUT.ramPages());
    private static final long STRUCTURE = 4096;
    private static final long LISTS = 8192;
    private static final int ROUNDS = 400;

    private static final long[] EDGES = {
        0,
        1,
        -1,
        RAM,
        RAM - 1,
        RAM - 8,
        RAM - 64,
        1 << 20,
        Integer.MAX_VALUE,
        Integer.MIN_VALUE,
        0xffff_ffffL,
        1L << 32,
        1L << 52,
        Long.MAX_VALUE,
        Long.MIN_VALUE,
        Long.MAX_VALUE - 63,
        DomId.SELF,
        0x7ff0,
        1L << 31
    };

    private final Map<HypercallOp, Long> succeeded = new EnumMap<>(HypercallOp.class);
    private final Map<HypercallOp, Long> failed = new EnumMap<>(HypercallOp.class);
    private Hypervisor hypervisor;
    private Guest bystander;
    private Guest guest;
    private HypercallRing ring;
    private Random random;

    @ParameterizedTest
    @ValueSource(longs = {301, 302, 303})
    @Timeout(value = 1, unit = TimeUnit.HOURS)
    void shouldSurviveEveryOperation(long seed) {
        random = new Random(seed);
        try (Hypervisor world = new Hypervisor()) {
            hypervisor = world;
            bystander = hypervisor.guest(LAYOUT);
            bystander.memory().asSlice(0, RAM).fill((byte) 0x77);
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
            while (System.nanoTime() < end) {
                life();
            }
            assertThat(bystander.memory().asSlice(0, RAM).toArray(ValueLayout.JAVA_BYTE))
                    .containsOnly((byte) 0x77);
            assertThat(bystander.domain().ended()).isFalse();
            assertThat(hypervisor.endings()).noneMatch(ending -> ending.contains("in the monitor"));
            // It has come everywhere, and most of it has worked at least once.
            EnumSet<HypercallOp> reached = EnumSet.copyOf(failed.keySet());
            reached.addAll(succeeded.keySet());
            assertThat(reached).containsAll(EnumSet.allOf(HypercallOp.class));
            assertThat(succeeded.keySet()).hasSizeGreaterThan(HypercallOp.values().length / 2);
        }
    }

    /** One guest, until it ends or has done enough. */
    private void life() {
        PagingMode[] modes = PagingMode.values();
        PagingMode mode = modes[random.nextInt(modes.length)];
        guest = hypervisor.guest(
                LAYOUT, new PagingConfig(mode, mode == PagingMode.NONE ? 0 : 64, random.nextBoolean()));
        ring = new HypercallRing(guest.domain(), 0, hypervisor.table());
        for (int round = 0; round < ROUNDS && isServed(); round++) {
            scribble();
            Deque<HypercallOp> staged = new ArrayDeque<>();
            for (int i = random.nextInt(12); i >= 0; i--) {
                HypercallOp op = operation();
                long[] words = words(op, STRUCTURE + 256L * random.nextInt(12));
                guest.stage(random.nextInt(64) == 0 ? random.nextLong() : op.number(), words);
                staged.add(op);
            }
            guest.push();
            serve(staged);
            int pages = guest.domain().memory().reservation().pages();
            assertThat(pages).isBetween(0, LAYOUT.ramPages());
        }
        hypervisor.monitor().destroy(guest.domain());
        assertThat(guest.domain().events().open()).isZero();
    }

    private void serve(Deque<HypercallOp> staged) {
        int idle = 0;
        while (!staged.isEmpty() && isServed()) {
            idle = ring.serve() > 0 ? 0 : idle + 1;
            // A guest may wait in a call: time passes, and an event comes.
            hypervisor.time().advance(200_000_000);
            guest.domain().vcpu(0).endWait();
            for (long result : guest.results()) {
                assertThat(result).isNotEqualTo(HypercallContext.PREEMPTED);
                (result >= 0 ? succeeded : failed).merge(staged.remove(), 1L, Long::sum);
            }
            assertThat(idle).isLessThan(1000);
        }
    }

    /** Whether vCPU 0 makes hypercalls: the domain has not ended, and has not brought the other one up and this one down. */
    private boolean isServed() {
        return !guest.domain().ended() && !guest.domain().vcpu(0).isDown();
    }

    private HypercallOp operation() {
        while (true) {
            HypercallOp op = HypercallOp.values()[random.nextInt(HypercallOp.values().length)];
            boolean ends = op == HypercallOp.SCHEDOP_SHUTDOWN || op == HypercallOp.VCPUOP_DOWN;
            if (!ends || random.nextInt(200) == 0) {
                return op;
            }
        }
    }

    private long[] words(HypercallOp op, long at) {
        long[] words = new long[MulticallEntry.NR_ARGS];
        for (int i = 0; i < words.length; i++) {
            words[i] = value();
        }
        if (op.command() != HypercallOp.NO_COMMAND && !op.commandInStructure()) {
            words[0] = op.command();
            if (op.extentsInCommand() && random.nextInt(4) == 0) {
                words[0] |= value() << 6;
            }
        }
        HypercallArgument argument = op.argument();
        if (argument.kind() != HypercallArgument.Kind.NONE && random.nextInt(12) != 0) {
            words[argument.word()] = at;
            fill(at, argument.size());
            if (argument.kind() == HypercallArgument.Kind.ARRAY) {
                words[argument.word() + 1] = random.nextInt(8) == 0 ? value() : random.nextInt(4);
            }
        }
        if (op.commandInStructure()) {
            XenDomctl.cmd(guest.memory(), at, op.command());
            XenDomctl.interfaceVersion(guest.memory(), at, 21);
        }
        if (op == HypercallOp.MULTICALL && random.nextInt(4) != 0) {
            words[0] = LISTS;
            words[1] = random.nextInt(8) == 0 ? value() : random.nextInt(12);
        }
        return words;
    }

    /** A structure whose fields, of whatever size, are mostly numbers that could be meant. */
    private void fill(long at, int size) {
        MemorySegment memory = guest.memory();
        for (long i = 0; i + 8 <= size + 7L; i += 8) {
            if (random.nextBoolean()) {
                memory.set(ValueLayout.JAVA_LONG, at + i, value());
            } else {
                memory.set(ValueLayout.JAVA_INT, at + i, (int) value());
                memory.set(ValueLayout.JAVA_INT, at + i + 4, (int) value());
            }
        }
    }

    private long value() {
        return switch (random.nextInt(12)) {
            case 0 -> EDGES[random.nextInt(EDGES.length)];
            case 1 -> EDGES[random.nextInt(EDGES.length)] + random.nextInt(17) - 8;
            case 2 -> DomId.SELF;
            case 3 -> guest.domid();
            case 4 -> bystander.domid();
            case 5 -> LISTS + 8L * random.nextInt(512);
            case 6 -> random.nextInt(LAYOUT.totalPages() + 4);
            case 7 -> (long) random.nextInt(8) << 16 | DomId.SELF;
            case 8 -> 0;
            default -> random.nextInt(10);
        };
    }

    /** Lists: frames in the last three quarters of the RAM, then hypercalls, then anything. */
    private void scribble() {
        MemorySegment memory = guest.memory();
        for (int i = 0; i < 64; i++) {
            memory.set(ValueLayout.JAVA_LONG, LISTS + 1024 + 8L * i, 16 + random.nextInt(LAYOUT.ramPages()));
        }
        for (int i = 0; i < 12; i++) {
            HypercallOp op = operation();
            long at = LISTS + 64L * i;
            long[] words = words(op, STRUCTURE + 256L * random.nextInt(12));
            MulticallEntry.op(memory, at, op.number());
            for (int word = 0; word < words.length; word++) {
                MulticallEntry.args(memory, at, word, words[word]);
            }
        }
        memory.set(ValueLayout.JAVA_LONG, 16384 + 8L * random.nextInt(4096), value());
        guest.grant(random.nextInt(32), random.nextInt(8), bystander.domid(), random.nextInt(LAYOUT.totalPages()));
    }
}
