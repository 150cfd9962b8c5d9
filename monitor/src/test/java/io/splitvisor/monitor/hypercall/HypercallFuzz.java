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

/**
 * Targets for a search by coverage. Not part of the build, because the tool's agent would slow down every other test in the
 * JVM: {@code JAZZER_FUZZ=1 mvn test -pl monitor -am -Dtest=HypercallFuzz#fuzzCalls -Dsurefire.failIfNoSpecifiedTests=false}.
 */
class HypercallFuzz {
    private static final DomainLayout LAYOUT = new DomainLayout(16, 1, 1);
    private static final int ARGUMENTS = 4096;
    private static final int ARGUMENT_BYTES = 1024;
    private static final int CALL_BYTES = 12;

    /** The first bytes are arguments; then 12 for each call: an operation, two words, an address. */
    @FuzzTest
    void fuzzCalls(byte[] data) {
        try (Hypervisor hypervisor = new Hypervisor()) {
            Guest guest = hypervisor.guest(LAYOUT);
            HypercallRing ring = new HypercallRing(guest.domain(), 0, hypervisor.table());
            int arguments = Math.min(data.length, ARGUMENT_BYTES);
            MemorySegment.copy(MemorySegment.ofArray(data), 0, guest.memory(), ARGUMENTS, arguments);
            ByteBuffer calls =
                    ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN).position(arguments);
            for (int i = 0; i < 128 && calls.remaining() >= CALL_BYTES; i++) {
                stage(guest, calls);
            }
            guest.push();
            serve(hypervisor, guest, ring);
        }
    }

    /** The ring's pages as they come, indices too. */
    @FuzzTest
    void fuzzRing(byte[] data) {
        try (Hypervisor hypervisor = new Hypervisor()) {
            Guest guest = hypervisor.guest(LAYOUT);
            HypercallRing ring = new HypercallRing(guest.domain(), 0, hypervisor.table());
            MemorySegment pages =
                    guest.domain().memory().pages(LAYOUT.hypercallRing(0), DomainLayout.HYPERCALL_RING_PAGES);
            MemorySegment.copy(MemorySegment.ofArray(data), 0, pages, 0, Math.min(data.length, pages.byteSize()));
            serve(hypervisor, guest, ring);
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

    private static void serve(Hypervisor hypervisor, Guest guest, HypercallRing ring) {
        for (int idle = 0; idle < 4 && !guest.domain().ended(); ) {
            idle = ring.serve() > 0 ? 0 : idle + 1;
            hypervisor.time().advance(200_000_000);
            guest.domain().vcpu(0).endWait();
        }
        for (String ending : hypervisor.endings()) {
            if (ending.contains("in the monitor")) {
                throw new AssertionError(ending);
            }
        }
    }
}
