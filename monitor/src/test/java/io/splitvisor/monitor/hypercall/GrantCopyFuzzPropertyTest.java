// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.DomId;
import io.splitvisor.abi.Hypercall;
import io.splitvisor.abi.grant.GnttabCopy;
import io.splitvisor.abi.grant.GnttabCopyPtr;
import io.splitvisor.abi.grant.GrantFlags;
import io.splitvisor.abi.grant.GrantTableOp;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.monitor.Guest;
import io.splitvisor.monitor.Hypervisor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Three guests that grant each other anything, in both versions, transitively too, and copy whatever they like, while one of
 * them rewrites its entries under the monitor's hands; and a fourth that grants nothing to them: not a byte of it is read or
 * written, and nothing stays pinned.
 */
class GrantCopyFuzzPropertyTest {
    private static final int STEPS = 40_000;
    private static final int REFS = 16;
    private static final int PAGE = DomainLayout.PAGE_SIZE;
    private static final int PAGES = Hypervisor.RAM_PAGES;
    private static final byte SECRET = 0x5a;

    @ParameterizedTest
    @ValueSource(longs = {31, 32, 33})
    @Timeout(value = 2, unit = TimeUnit.MINUTES)
    void shouldCopyNothingThatIsNotGranted(long seed) throws InterruptedException {
        try (Hypervisor hypervisor = new Hypervisor()) {
            Guest[] guests = {hypervisor.guest(), hypervisor.guest(), hypervisor.guest()};
            Guest bystander = hypervisor.guest();
            bystander.memory().asSlice(0, (long) PAGES * PAGE).fill(SECRET);
            for (int ref = 0; ref < REFS; ref++) {
                bystander.grant(ref, GrantFlags.PERMIT_ACCESS, 77, ref);
            }
            AtomicBoolean stop = new AtomicBoolean();
            Thread rewriter = Thread.ofPlatform().start(() -> {
                Random random = new Random(seed + 1);
                while (!stop.get()) {
                    grant(guests[2], guests, bystander.domid(), random);
                }
            });
            int copied = 0;
            try {
                Random random = new Random(seed);
                for (int step = 0; step < STEPS; step++) {
                    Guest caller = guests[random.nextInt(guests.length)];
                    grant(caller, guests, bystander.domid(), random);
                    if (random.nextInt(500) == 0) {
                        caller.domain().grants().setVersion(1 + random.nextInt(2));
                    }
                    copied += copy(hypervisor, caller, guests, bystander.domid(), random);
                }
            } finally {
                stop.set(true);
                rewriter.join();
            }
            assertThat(copied).as("some copies are good ones").isGreaterThan(STEPS / 50);
            for (Guest guest : guests) {
                assertThat(guest.domain().grants().inUse()).isZero();
                assertThat(holdsSecret(guest)).isFalse();
            }
            MemorySegment kept = MemorySegment.ofArray(new byte[PAGES * PAGE]);
            kept.fill(SECRET);
            assertThat(bystander.memory().asSlice(0, (long) PAGES * PAGE).mismatch(kept))
                    .isEqualTo(-1);
        }
    }

    private static void grant(Guest granter, Guest[] guests, int bystander, Random random) {
        int ref = random.nextInt(REFS);
        int domid = anyDomid(guests, bystander, random);
        int frame = random.nextInt(16) == 0 ? random.nextInt() : 16 + random.nextInt(PAGES - 16);
        switch (random.nextInt(5)) {
            case 0 -> granter.grant(ref, GrantFlags.PERMIT_ACCESS | random.nextInt(2) << 2, domid, frame);
            case 1 -> granter.grantPage(ref, GrantFlags.PERMIT_ACCESS | random.nextInt(2) << 2, domid, frame);
            case 2 -> granter.grantPart(ref, domid, frame, random.nextInt(4097), random.nextInt(4097));
            case 3 -> granter.grantVia(ref, domid, anyDomid(guests, bystander, random), random.nextInt(REFS));
            default -> granter.grantPage(ref, random.nextInt(1 << 16), domid, random.nextLong());
        }
    }

    private static int anyDomid(Guest[] guests, int bystander, Random random) {
        return switch (random.nextInt(12)) {
            case 0 -> bystander;
            case 1 -> random.nextInt(1 << 16);
            default -> guests[random.nextInt(guests.length)].domid();
        };
    }

    /** A batch of copies; how many were made. */
    private static int copy(Hypervisor hypervisor, Guest caller, Guest[] guests, int bystander, Random random) {
        MemorySegment memory = caller.memory();
        int count = 1 + random.nextInt(4);
        for (int i = 0; i < count; i++) {
            long at = (long) i * GnttabCopy.SIZE;
            int flags = random.nextInt(4);
            end(memory, GnttabCopy.source(at), (flags & 1) != 0, guests, bystander, random);
            end(memory, GnttabCopy.dest(at), (flags & 2) != 0, guests, bystander, random);
            GnttabCopy.len(memory, at, random.nextInt(8) == 0 ? random.nextInt(1 << 16) : random.nextInt(64));
            GnttabCopy.flags(memory, at, flags);
            GnttabCopy.status(memory, at, 77);
        }
        assertThat(hypervisor.call(caller, Hypercall.GRANT_TABLE_OP, GrantTableOp.COPY, 0, count))
                .isZero();
        int good = 0;
        for (int i = 0; i < count; i++) {
            int status = GnttabCopy.status(memory, (long) i * GnttabCopy.SIZE);
            assertThat(status).isBetween(-13, 0);
            good += status == 0 && GnttabCopy.len(memory, (long) i * GnttabCopy.SIZE) > 0 ? 1 : 0;
        }
        return good;
    }

    private static void end(
            MemorySegment memory, long at, boolean grant, Guest[] guests, int bystander, Random random) {
        boolean wild = random.nextInt(10) == 0;
        if (wild) {
            GnttabCopyPtr.gmfn(memory, at, random.nextLong());
        } else {
            GnttabCopyPtr.gmfn(memory, at, grant ? random.nextInt(REFS) : 16 + random.nextInt(PAGES - 16));
        }
        boolean self = !grant && random.nextInt(8) != 0;
        GnttabCopyPtr.domid(memory, at, self ? DomId.SELF : anyDomid(guests, bystander, random));
        GnttabCopyPtr.offset(memory, at, random.nextInt(random.nextInt(8) == 0 ? 1 << 16 : 2048));
    }

    /** Eight of the bystander's bytes in a row: nobody else writes that. */
    private static boolean holdsSecret(Guest guest) {
        int run = 0;
        for (long at = 16L * PAGE; at < (long) PAGES * PAGE; at++) {
            run = guest.memory().get(ValueLayout.JAVA_BYTE, at) == SECRET ? run + 1 : 0;
            if (run == 8) {
                return true;
            }
        }
        return false;
    }
}
