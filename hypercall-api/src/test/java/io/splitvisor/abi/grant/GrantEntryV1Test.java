// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.grant;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.Race;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class GrantEntryV1Test {
    private static final int ENTRIES = 50_000;

    private final MemorySegment table = Arena.ofAuto().allocate((long) ENTRIES * GrantEntryV1.SIZE, 8);

    @Test
    void shouldPackFlagsBelowTheDomid() {
        int word = GrantEntryV1.flagsAndDomid(0x1ffff, 0x7ff0);
        assertThat(word).isEqualTo(0x7ff0ffff);
        assertThat(GrantEntryV1.flagsOf(0xfffeffff)).isEqualTo(0xffff);
        assertThat(GrantEntryV1.domidOf(0xfffeffff)).isEqualTo(0xfffe);
    }

    @Test
    void shouldFindEntriesByUnsignedReference() {
        assertThat(GrantEntryV1.entry(100, 3)).isEqualTo(124);
        assertThat(GrantEntryV1.entry(0, -1)).isEqualTo(0xffff_ffffL * 8);
    }

    @Test
    void shouldReadInOneWordWhatTheGranterWroteInTwo() {
        long entry = GrantEntryV1.entry(0, 5);
        GrantEntryV1.domid(table, entry, 0xabcd);
        GrantEntryV1.frame(table, entry, 0xdeadbeef);
        GrantEntryV1.flagsRelease(table, entry, GrantFlags.PERMIT_ACCESS);
        assertThat(GrantEntryV1.flagsAndDomidAcquire(table, entry)).isEqualTo(0xabcd0001);
        assertThat(GrantEntryV1.flagsAcquire(table, entry)).isEqualTo(1);
        assertThat(table.get(ValueLayout.JAVA_LONG, entry)).isEqualTo(0xdeadbeef_abcd_0001L);
    }

    @Test
    void shouldReplaceTheWordOnlyIfItIsAsExpected() {
        table.set(ValueLayout.JAVA_INT, 0, 0x00010001);
        assertThat(GrantEntryV1.casFlagsAndDomidVolatile(table, 0, 0x00020001, 7))
                .isFalse();
        assertThat(GrantEntryV1.exchangeFlagsAndDomidVolatile(table, 0, 0x00020001, 7))
                .isEqualTo(0x00010001);
        assertThat(GrantEntryV1.casFlagsAndDomidVolatile(table, 0, 0x00010001, 0x00010009))
                .isTrue();
        assertThat(GrantEntryV1.exchangeFlagsAndDomidVolatile(table, 0, 0x00010009, 0x00010019))
                .isEqualTo(0x00010009);
        assertThat(table.get(ValueLayout.JAVA_LONG, 0)).isEqualTo(0x00010019);
    }

    @Test
    void shouldClearFlagsAndLeaveTheDomid() {
        table.set(ValueLayout.JAVA_INT, 0, 0x7fff0019);
        assertThat(GrantEntryV1.clearFlagsVolatile(table, 0, GrantFlags.READING | GrantFlags.WRITING))
                .isEqualTo(0x19);
        assertThat(table.get(ValueLayout.JAVA_LONG, 0)).isEqualTo(0x7fff0001);
        GrantEntryV1.clearFlagsVolatile(table, 0, -1);
        assertThat(table.get(ValueLayout.JAVA_LONG, 0)).isEqualTo(0x7fff0000);
    }

    /** The granter ends grants while the monitor takes them: each goes to exactly one of the two. */
    @Test
    void shouldLetRevokeOrMapWinButNeverBoth() throws Exception {
        int granted = GrantEntryV1.flagsAndDomid(GrantFlags.PERMIT_ACCESS, 3);
        int taken = GrantEntryV1.flagsAndDomid(GrantFlags.PERMIT_ACCESS | GrantFlags.READING, 3);
        for (int ref = 0; ref < ENTRIES; ref++) {
            table.set(ValueLayout.JAVA_INT, GrantEntryV1.entry(0, ref), granted);
        }
        List<boolean[]> won =
                Race.run(() -> race(granted, GrantEntryV1.flagsAndDomid(0, 3)), () -> race(granted, taken));
        int[] winners = IntStream.range(0, ENTRIES)
                .map(ref -> (won.get(0)[ref] ? 1 : 0) + (won.get(1)[ref] ? 1 : 0))
                .distinct()
                .toArray();
        assertThat(winners).containsExactly(1);
        for (int ref = 0; ref < ENTRIES; ref++) {
            int flags = GrantEntryV1.flagsAcquire(table, GrantEntryV1.entry(0, ref));
            assertThat(flags).isEqualTo(won.get(0)[ref] ? 0 : GrantFlags.PERMIT_ACCESS | GrantFlags.READING);
        }
    }

    /** A mapping ends while the granter rewrites the domid: neither change is lost. */
    @Test
    void shouldKeepTheGrantersDomidWhenAMappingEnds() throws Exception {
        List<Integer> lost = Race.run(
                () -> {
                    int bad = 0;
                    for (int i = 0; i < 200_000; i++) {
                        GrantEntryV1.domid(table, 0, i & 0x7fff);
                        bad += GrantEntryV1.domidOf(GrantEntryV1.flagsAndDomidAcquire(table, 0)) == (i & 0x7fff)
                                ? 0
                                : 1;
                    }
                    return bad;
                },
                () -> {
                    for (int i = 0; i < 200_000; i++) {
                        GrantEntryV1.clearFlagsVolatile(table, 0, GrantFlags.READING);
                    }
                    return 0;
                });
        assertThat(lost).containsOnly(0);
    }

    private boolean[] race(int expected, int value) {
        boolean[] won = new boolean[ENTRIES];
        for (int ref = 0; ref < ENTRIES; ref++) {
            won[ref] = GrantEntryV1.casFlagsAndDomidVolatile(table, GrantEntryV1.entry(0, ref), expected, value);
        }
        return won;
    }
}
