// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.stress.monitor;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.jetbrains.lincheck.datastructures.ManagedStrategyGuaranteeKt.forClasses;

import io.splitvisor.abi.grant.GrantEntryV1;
import io.splitvisor.abi.grant.GrantFlags;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.host.SharedMemory;
import io.splitvisor.monitor.grant.GrantTable;
import io.splitvisor.monitor.memory.GuestMemory;
import java.lang.foreign.MemorySegment;
import org.jetbrains.lincheck.datastructures.BooleanGen;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.junit.jupiter.api.Test;

/**
 * A granter that offers a page, makes it read-only and takes it back by compare-and-exchange, as Linux does, against a user
 * that pins and unpins it. A page that its granter got back is in use by nobody, and stays so.
 */
@Param(name = "writable", gen = BooleanGen.class)
public class GrantTableLincheckTest {
    private static final int USER = 0;
    private static final int REF = 3;
    private static final int FRAME = 1;
    private static final DomainLayout LAYOUT = new DomainLayout(2, 1, 1);

    // One piece of memory for all instances, which come one after the other.
    private static final SharedMemory MEMORY = SharedMemory.create("splitvisor-lincheck", LAYOUT.totalBytes());

    private final MemorySegment entries =
            MEMORY.segment().asSlice(DomainLayout.bytes(LAYOUT.grantTable()), DomainLayout.PAGE_SIZE);
    private final long at = GrantEntryV1.entry(0, REF);
    private final GrantTable table;
    private int readersHeld;
    private int writersHeld;

    public GrantTableLincheckTest() {
        entries.fill((byte) 0);
        table = new GrantTable(new GuestMemory(MEMORY, LAYOUT));
    }

    /** The granter offers the page, unless it is offered or in use. */
    @Operation
    public boolean offer() {
        GrantEntryV1.frame(entries, at, FRAME);
        return GrantEntryV1.casFlagsAndDomidVolatile(
                entries, at, 0, GrantEntryV1.flagsAndDomid(GrantFlags.PERMIT_ACCESS, USER));
    }

    /** The granter takes the page back, unless it is in use ({@code gnttab_end_foreign_access_ref}). */
    @Operation
    public boolean takeBack() {
        int seen = GrantEntryV1.flagsAndDomidAcquire(entries, at);
        while ((GrantEntryV1.flagsOf(seen) & (GrantFlags.READING | GrantFlags.WRITING)) == 0) {
            int found = GrantEntryV1.exchangeFlagsAndDomidVolatile(entries, at, seen, 0);
            if (found == seen) {
                return true;
            }
            seen = found;
        }
        return false;
    }

    /** The user starts to use the page. */
    @Operation
    public boolean pin(@Param(name = "writable") boolean writable) {
        // The table's own lock: counting is one step with pinning. The granter takes no lock.
        synchronized (table) {
            boolean pinned = table.pin(USER, REF, writable) >= 0;
            if (pinned && writable) {
                writersHeld++;
            } else if (pinned) {
                readersHeld++;
            }
            return pinned;
        }
    }

    /** The user ends a use. */
    @Operation
    public boolean unpin(@Param(name = "writable") boolean writable) {
        synchronized (table) {
            if ((writable ? writersHeld : readersHeld) == 0) {
                return false;
            }
            if (writable) {
                writersHeld--;
            } else {
                readersHeld--;
            }
            table.unpin(REF, writable);
            return true;
        }
    }

    /** The in-use bits, as the granter sees them. */
    @Operation
    public int inUseBits() {
        return GrantEntryV1.flagsAcquire(entries, at) & (GrantFlags.READING | GrantFlags.WRITING);
    }

    /** What it should be like, one call at a time. */
    public static final class Model {
        private boolean offered;
        private int readers;
        private int writers;

        public boolean offer() {
            boolean free = !offered && readers == 0 && writers == 0;
            offered |= free;
            return free;
        }

        public boolean takeBack() {
            boolean free = readers == 0 && writers == 0;
            offered &= !free;
            return free;
        }

        public boolean pin(boolean writable) {
            if (offered && writable) {
                writers++;
            } else if (offered) {
                readers++;
            }
            return offered;
        }

        public boolean unpin(boolean writable) {
            if ((writable ? writers : readers) == 0) {
                return false;
            }
            if (writable) {
                writers--;
            } else {
                readers--;
            }
            return true;
        }

        public int inUseBits() {
            boolean used = readers > 0 || writers > 0;
            return (used ? GrantFlags.READING : 0) | (writers > 0 ? GrantFlags.WRITING : 0);
        }
    }

    @Test
    void g5_shouldAnswerAsInSomeOrderOfTheCalls() {
        ModelCheckingOptions options = new ModelCheckingOptions()
                .iterations(8)
                .invocationsPerIteration(200)
                .threads(2)
                .actorsPerThread(3)
                .actorsBefore(1)
                .actorsAfter(2)
                // The entry lies in memory outside the heap: the checker cannot see it, and is told where to switch.
                .addGuarantee(
                        forClasses(GrantEntryV1.class.getName()).allMethods().treatAsAtomic())
                .sequentialSpecification(Model.class);
        assertThatCode(() -> options.check(getClass())).doesNotThrowAnyException();
    }
}
