// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.grant;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.grant.GrantEntryV1;
import io.splitvisor.abi.grant.GrantFlags;
import io.splitvisor.abi.grant.GrantStatus;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.monitor.Guest;
import io.splitvisor.monitor.Hypervisor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A granter that does not change an entry in use, and users who map and copy, against what the rules say in so many words:
 * every status, every bit that the granter sees, and every page, in both versions, with changes of version in between.
 */
class GrantModelPropertyTest {
    private static final int STEPS = 20_000;
    private static final int REFS = 12;
    private static final int USERS = 3;
    private static final int PAGES = Hypervisor.RAM_PAGES;

    /** What the granter wrote. */
    private record Entry(int flags, int domid, long frame, int offset, int length) {
        static final Entry NONE = new Entry(0, 0, 0, 0, 0);

        boolean isPart() {
            return (flags & GrantFlags.SUB_PAGE) != 0;
        }
    }

    private record Use(int ref, boolean writable, CopyEnd copy) {}

    /** What a grant was about when its use began: all uses until the last ends are about the same. */
    private final Entry[] parts = new Entry[REFS];

    private final Entry[] entries = new Entry[REFS];
    private final List<Use> uses = new ArrayList<>();
    private int version = 1;
    private Guest guest;
    private GrantTable table;

    @ParameterizedTest
    @ValueSource(longs = {21, 22, 23, 24, 25, 26})
    void shouldDoWhatTheRulesSay(long seed) {
        try (Hypervisor made = new Hypervisor()) {

            guest = made.guest();
            table = guest.domain().grants();
            Arrays.fill(entries, Entry.NONE);
            Random random = new Random(seed);
            for (int step = 0; step < STEPS; step++) {
                switch (random.nextInt(16)) {
                    case 0, 1, 2, 3 -> grant(random);
                    case 4, 5, 6 -> pin(random);
                    case 7, 8, 9 -> copy(random);
                    case 10 -> swap(random);
                    case 11 -> changeVersion(random);
                    default -> end(random);
                }
                checkBits(step);
            }
            while (!uses.isEmpty()) {
                end(random);
            }
            checkBits(STEPS);
            assertThat(table.inUse()).isZero();
        }
    }

    private boolean isUsed(int ref) {
        return uses.stream().anyMatch(use -> use.ref == ref);
    }

    private boolean isWritten(int ref) {
        return uses.stream().anyMatch(use -> use.ref == ref && use.writable);
    }

    private void grant(Random random) {
        int ref = random.nextInt(REFS);
        if (isUsed(ref)) {
            return;
        }
        int flags =
                switch (random.nextInt(8)) {
                    case 0 -> GrantFlags.INVALID;
                    case 1 -> GrantFlags.ACCEPT_TRANSFER;
                    case 2, 3 -> GrantFlags.PERMIT_ACCESS | GrantFlags.READONLY;
                    case 4, 5 -> GrantFlags.PERMIT_ACCESS | GrantFlags.SUB_PAGE;
                    default -> GrantFlags.PERMIT_ACCESS;
                };
        long frame = random.nextInt(8) == 0 ? PAGES + 1000 : random.nextInt(PAGES);
        int offset = random.nextInt(5000);
        Entry entry = new Entry(flags, random.nextInt(USERS), frame, offset, random.nextInt(5000));
        entries[ref] = entry;
        if (version == 1) {
            guest.grant(ref, flags, entry.domid, (int) frame);
        } else if (entry.isPart()) {
            guest.grantPart(ref, entry.domid, frame, offset, entry.length);
        } else {
            guest.grantPage(ref, flags, entry.domid, frame);
        }
    }

    /** What the rules say about a use that begins. */
    private int expected(int domid, int ref, boolean writable, boolean map) {
        Entry entry = entries[ref];
        if (isUsed(ref) && entry.domid != domid) {
            return GrantStatus.GENERAL_ERROR;
        }
        boolean type = (entry.flags & GrantFlags.TYPE_MASK) == GrantFlags.PERMIT_ACCESS;
        // A mapping of what is in use already is not checked for the type again.
        boolean whole = !map || (isUsed(ref) ? parts[ref] == null : !entry.isPart());
        boolean write = !writable || (entry.flags & GrantFlags.READONLY) == 0;
        if (!type || !whole || !write || entry.domid != domid) {
            return GrantStatus.GENERAL_ERROR;
        }
        return entry.frame < PAGES ? GrantStatus.OKAY : GrantStatus.BAD_PAGE;
    }

    private void pin(Random random) {
        int ref = random.nextInt(REFS);
        int domid = random.nextInt(USERS);
        boolean writable = random.nextBoolean();
        int expected = expected(domid, ref, writable, true);
        long answer = table.pin(domid, ref, writable);
        if (expected == GrantStatus.OKAY) {
            assertThat(answer).isEqualTo(entries[ref].frame * DomainLayout.PAGE_SIZE);
            begin(new Use(ref, writable, null));
        } else {
            assertThat(answer).isEqualTo(expected);
        }
    }

    /** In version 1 the bit that says part means nothing to a copy. */
    private void begin(Use use) {
        if (!isUsed(use.ref)) {
            boolean part = version == 2 && entries[use.ref].isPart();
            parts[use.ref] = part ? entries[use.ref] : null;
        }
        uses.add(use);
    }

    private void copy(Random random) {
        int ref = random.nextInt(REFS);
        int domid = random.nextInt(USERS);
        boolean writable = random.nextBoolean();
        CopyEnd end = new CopyEnd(writable);
        int answer = end.claimGrant(table, guest.domid(), ref, domid, _ -> null);
        assertThat(answer).isEqualTo(expected(domid, ref, writable, false));
        if (answer == GrantStatus.OKAY) {
            begin(new Use(ref, writable, end));
            Entry part = parts[ref];
            assertThat(end.pageOffset()).isEqualTo(entries[ref].frame * DomainLayout.PAGE_SIZE);
            assertThat(end.first()).isEqualTo(part == null ? 0 : part.offset);
            assertThat(end.length()).isEqualTo(part == null ? DomainLayout.PAGE_SIZE : part.length);
        } else {
            end.release();
        }
    }

    private void swap(Random random) {
        int a = random.nextInt(REFS);
        int b = random.nextInt(REFS);
        int status = table.swap(a, b);
        if (a != b && (isUsed(a) || isUsed(b))) {
            assertThat(status).isEqualTo(GrantStatus.EAGAIN);
        } else {
            assertThat(status).isEqualTo(GrantStatus.OKAY);
            Entry before = entries[a];
            entries[a] = entries[b];
            entries[b] = before;
        }
    }

    private void changeVersion(Random random) {
        int wanted = 1 + random.nextInt(2);
        int result = table.setVersion(wanted);
        if (wanted == version) {
            assertThat(result).isZero();
            return;
        }
        boolean busy = uses.stream().anyMatch(use -> use.ref >= 8);
        boolean inParts = uses.stream().anyMatch(use -> parts[use.ref] != null);
        if (busy) {
            assertThat(result).isEqualTo(-XenErrno.EBUSY);
        } else if (inParts) {
            assertThat(result).isEqualTo(-XenErrno.EAGAIN);
        } else {
            assertThat(result).isZero();
            version = wanted;
            forget();
        }
    }

    /** What a change of version makes of the entries: those of Dom0 keep their meaning, as far as they can. */
    private void forget() {
        for (int ref = 0; ref < REFS; ref++) {
            Entry entry = entries[ref];
            if (ref >= 8) {
                entries[ref] = Entry.NONE;
            } else if (version == 1 && (entry.flags & GrantFlags.TYPE_MASK) != GrantFlags.PERMIT_ACCESS) {
                entries[ref] = Entry.NONE;
            } else if (version == 2 && entry.isPart()) {
                // Never meant as a part: offset and length are zero.
                entries[ref] = new Entry(entry.flags, entry.domid, entry.frame, 0, 0);
            }
        }
    }

    private void end(Random random) {
        if (!uses.isEmpty()) {
            Use use = uses.remove(random.nextInt(uses.size()));
            if (use.copy != null) {
                use.copy.release();
            } else {
                table.unpin(use.ref, use.writable);
            }
        }
    }

    private void checkBits(int step) {
        int inUse = 0;
        for (int ref = 0; ref < REFS; ref++) {
            int bits = (isUsed(ref) ? GrantFlags.READING : 0) | (isWritten(ref) ? GrantFlags.WRITING : 0);
            inUse += bits == 0 ? 0 : 1;
            if (version == 1) {
                assertThat(guest.grantFlags(ref))
                        .as("step %d, reference %d", step, ref)
                        .isEqualTo(entries[ref].flags | bits);
            } else {
                assertThat(guest.grantStatus(ref))
                        .as("step %d, reference %d", step, ref)
                        .isEqualTo(bits);
                assertThat(GrantEntryV1.flagsOf(guest.grantHeader(ref)))
                        .as("step %d, reference %d", step, ref)
                        .isEqualTo(entries[ref].flags);
            }
        }
        assertThat(table.inUse()).isEqualTo(inUse);
        assertThat(table.version()).isEqualTo(version);
    }
}
