// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.splitvisor.abi.MulticallEntry;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.hypercall.HypercallOp;
import io.splitvisor.monitor.Guest;
import io.splitvisor.monitor.Hypervisor;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.BiConsumer;

/**
 * Targets for a search by coverage. Not part of the build, because the tool's agent would slow down every other test in the
 * JVM: {@code JAZZER_FUZZ=1 mvn test -pl monitor -am -Dtest=HypercallFuzz#fuzzCalls -Dsurefire.failIfNoSpecifiedTests=false}.
 */
class HypercallFuzz {
    private static final DomainLayout LAYOUT = new DomainLayout(16, 1, 1);
    private static final int ARGUMENTS = 4096;
    private static final int ARGUMENT_BYTES = 1024;
    private static final int CALL_BYTES = 12;
    private static final int MOST_CALLS = 127;

    /** One for all inputs: to make a machine's clock takes longer than to serve a ring of calls. */
    private static final Hypervisor HYPERVISOR = new Hypervisor();

    /** The first byte is the number of calls; then {@value #CALL_BYTES} bytes for each; the rest is what they point to. */
    @FuzzTest
    void fuzzCalls(byte[] data) {
        withGuest((guest, ring) -> {
            ByteBuffer calls = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN);
            int count = calls.hasRemaining() ? calls.get() & MOST_CALLS : 0;
            int pointedTo = Math.min(1 + count * CALL_BYTES, data.length);
            MemorySegment.copy(
                    MemorySegment.ofArray(data),
                    pointedTo,
                    guest.memory(),
                    ARGUMENTS,
                    Math.min(data.length - pointedTo, ARGUMENT_BYTES));
            while (count-- > 0 && calls.remaining() >= CALL_BYTES) {
                stage(guest, calls);
            }
            guest.push();
            serve(guest, ring);
        });
    }

    /** The ring's pages as they come, indices too. */
    @FuzzTest
    void fuzzRing(byte[] data) {
        withGuest((guest, ring) -> {
            MemorySegment pages =
                    guest.domain().memory().pages(LAYOUT.hypercallRing(0), DomainLayout.HYPERCALL_RING_PAGES);
            MemorySegment.copy(MemorySegment.ofArray(data), 0, pages, 0, Math.min(data.length, pages.byteSize()));
            serve(guest, ring);
        });
    }

    /** Whatever a guest did, it can be destroyed, and nothing of it is left. */
    private static void withGuest(BiConsumer<Guest, HypercallRing> input) {
        Guest guest = new Guest(HYPERVISOR.monitor().create(LAYOUT));
        try {
            input.accept(guest, new HypercallRing(guest.domain(), 0, HYPERVISOR.table()));
        } finally {
            HYPERVISOR.monitor().destroy(guest.domain());
        }
        if (guest.domain().grants().inUse() > 0 || guest.domain().events().open() > 0) {
            throw new AssertionError("a destroyed domain has grants or ports");
        }
    }

    private static void stage(Guest guest, ByteBuffer calls) {
        HypercallOp[] all = HypercallOp.values();
        HypercallOp op = all[Byte.toUnsignedInt(calls.get()) % all.length];
        long[] words = new long[MulticallEntry.NR_ARGS];
        words[0] = calls.get();
        words[1] = calls.getShort();
        words[2] = calls.getInt();
        long at = ARGUMENTS + Short.toUnsignedInt(calls.getShort()) % ARGUMENT_BYTES;
        words[3] = calls.getShort();
        if (op.command() != HypercallOp.NO_COMMAND && !op.commandInStructure()) {
            words[0] = op.command();
        }
        words[op.argument().word()] =
                op.argument().size() > 0 ? at : words[op.argument().word()];
        guest.stage(op.number(), words);
    }

    private static void serve(Guest guest, HypercallRing ring) {
        int before = HYPERVISOR.endings().size();
        for (int idle = 0; idle < 4 && !guest.domain().ended(); ) {
            idle = ring.serve() > 0 ? 0 : idle + 1;
            HYPERVISOR.time().advance(200_000_000);
            guest.domain().vcpu(0).endWait();
        }
        for (String ending :
                HYPERVISOR.endings().subList(before, HYPERVISOR.endings().size())) {
            if (ending.contains("in the monitor")) {
                throw new AssertionError(ending);
            }
        }
    }
}
