// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.grant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.grant.GrantEntryV1;
import io.splitvisor.abi.grant.GrantEntryV2;
import io.splitvisor.abi.grant.GrantFlags;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.domu.memory.GuestMemory;
import java.lang.foreign.Arena;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class GrantTableTest {
    private static final DomainLayout LAYOUT = new DomainLayout(64, 1, 1);
    private static final int BACKEND = 3;

    private final GuestMemory memory = new GuestMemory(Arena.ofAuto().allocate(LAYOUT.totalBytes(), 4096), LAYOUT);
    private final GrantTable grants = new GrantTable(memory);

    private long entry(int ref) {
        return GrantEntryV1.entry(DomainLayout.bytes(LAYOUT.grantTable()), ref);
    }

    private int word(int ref) {
        return GrantEntryV1.flagsAndDomidAcquire(memory.segment(), entry(ref));
    }

    /** As the monitor does when a back end maps. */
    private void use(int ref, int flags) {
        int word = word(ref);
        assertThat(GrantEntryV1.casFlagsAndDomidVolatile(memory.segment(), entry(ref), word, word | flags))
                .isTrue();
    }

    @Test
    void shouldWriteEntriesOfVersionOne() {
        int ref = grants.grantAccess(BACKEND, 17, true);
        assertThat(ref).as("the first eight are Dom0's").isEqualTo(8);
        assertThat(word(ref)).isEqualTo(BACKEND << 16 | GrantFlags.PERMIT_ACCESS | GrantFlags.READONLY);
        assertThat(GrantEntryV1.frame(memory.segment(), entry(ref))).isEqualTo(17);
        assertThat(GrantEntryV1.flagsAcquire(memory.segment(), entry(grants.grantAccess(BACKEND, 1, false))))
                .isEqualTo(GrantFlags.PERMIT_ACCESS);
    }

    @Test
    void shouldHandOutEveryReferenceOnceAndThenNoMore() {
        Set<Integer> refs = new HashSet<>();
        for (int i = 8; i < 512; i++) {
            assertThat(refs.add(grants.reserve())).isTrue();
        }
        assertThat(refs).doesNotContain(0, 1, 7).contains(8, 511);
        assertThat(grants.reserve()).isEqualTo(-XenErrno.ENOSPC);
        assertThat(grants.grantAccess(BACKEND, 1, false)).isEqualTo(-XenErrno.ENOSPC);
        refs.forEach(grants::release);
        assertThat(grants.free()).isEqualTo(504);
    }

    @Test
    void shouldGrantAgainByAReferenceThatWasRevoked() {
        int ref = grants.grantAccess(BACKEND, 5, false);
        assertThat(grants.revoke(ref)).isTrue();
        assertThat(word(ref)).isZero();
        grants.grant(ref, BACKEND + 1, 6, false);
        assertThat(GrantEntryV1.domidOf(word(ref))).isEqualTo(BACKEND + 1);
        assertThat(grants.endAccess(ref)).isTrue();
        assertThat(grants.reserve()).as("it is free again").isEqualTo(ref);
    }

    @Test
    void g11_shouldRefuseToEndAGrantInUse() {
        int ref = grants.grantAccess(BACKEND, 5, false);
        use(ref, GrantFlags.READING | GrantFlags.WRITING);
        int before = word(ref);
        assertThat(grants.inUse(ref)).isTrue();
        assertThat(grants.revoke(ref)).isFalse();
        assertThat(grants.endAccess(ref)).isFalse();
        assertThat(word(ref)).as("nothing changed").isEqualTo(before);
        GrantEntryV1.clearFlagsVolatile(memory.segment(), entry(ref), GrantFlags.WRITING);
        assertThat(grants.endAccess(ref)).as("still read").isFalse();
        GrantEntryV1.clearFlagsVolatile(memory.segment(), entry(ref), GrantFlags.READING);
        assertThat(grants.endAccess(ref)).isTrue();
    }

    @Test
    void g11_shouldKeepFrameAndReferenceUntilTheOtherSideLetsGo() {
        int frame = memory.allocate();
        int other = memory.allocate();
        int free = memory.freeFrames();
        int ref = grants.grantAccess(BACKEND, frame, false);
        int second = grants.grantAccess(BACKEND, other, false);
        use(ref, GrantFlags.READING);
        use(second, GrantFlags.WRITING);
        grants.endAccess(ref, frame);
        grants.endAccess(second, GrantTable.NONE);
        assertThat(grants.deferred()).isEqualTo(2);
        grants.retryDeferred();
        assertThat(grants.deferred()).isEqualTo(2);
        assertThat(memory.freeFrames()).isEqualTo(free);
        assertThat(grants.reserve()).isNotIn(ref, second);
        GrantEntryV1.clearFlagsVolatile(memory.segment(), entry(ref), GrantFlags.READING);
        grants.retryDeferred();
        assertThat(grants.deferred()).isOne();
        assertThat(memory.freeFrames()).isEqualTo(free + 1);
        assertThat(grants.reserve()).isEqualTo(ref);
        GrantEntryV1.clearFlagsVolatile(memory.segment(), entry(second), GrantFlags.WRITING);
        grants.retryDeferred();
        assertThat(grants.deferred()).isZero();
        assertThat(memory.freeFrames()).as("NONE frees none").isEqualTo(free + 1);
    }

    @Test
    void shouldRefuseReferencesThatAreNotInUse() {
        assertThatIllegalArgumentException().isThrownBy(() -> grants.release(8));
        assertThatIllegalArgumentException().isThrownBy(() -> grants.release(0));
        int ref = grants.reserve();
        grants.release(ref);
        assertThatIllegalArgumentException().isThrownBy(() -> grants.release(ref));
        assertThatThrownBy(() -> grants.revoke(512)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> grants.grant(-1, 0, 0, false)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    private static final class Monitor {
        private int frames;
        private int version = 1;

        private int setupTable(int wanted) {
            frames = wanted;
            return 0;
        }

        private int setVersion(int wanted) {
            version = wanted;
            return 0;
        }
    }

    private static GuestMemory memory(int grantFrames) {
        DomainLayout layout = new DomainLayout(64, grantFrames, 1);
        return new GuestMemory(Arena.ofAuto().allocate(layout.totalBytes(), 4096), layout);
    }

    private static GrantTable table(GuestMemory memory, Monitor monitor) {
        return new GrantTable(memory, () -> {}, monitor::setupTable, monitor::setVersion);
    }

    @Test
    void shouldAskForMoreFramesWhenReferencesAreUsedUp() {
        Monitor monitor = new Monitor();
        GrantTable large = table(memory(20), monitor);
        assertThat(large.size()).isEqualTo(8 * 512);
        Set<Integer> refs = new HashSet<>();
        for (int i = 8; i < 20 * 512; i++) {
            int ref = large.reserve();
            assertThat(ref).isBetween(8, 20 * 512 - 1);
            assertThat(refs.add(ref)).isTrue();
        }
        assertThat(monitor.frames).isEqualTo(20);
        assertThat(large.reserve()).isEqualTo(-XenErrno.ENOSPC);
        refs.forEach(large::release);
        assertThat(large.free()).isEqualTo(20 * 512 - 8);
    }

    @Test
    void shouldSayThatThereIsNoReferenceIfTheTableCannotGrow() {
        GrantTable stuck = new GrantTable(memory(20));
        for (int i = 8; i < 8 * 512; i++) {
            assertThat(stuck.reserve()).isPositive();
        }
        assertThat(stuck.reserve()).isEqualTo(-XenErrno.ENOSPC);
        assertThat(new GrantTable(memory(20)).useVersion2()).isNegative();
    }

    @Test
    void shouldWriteEntriesOfVersionTwo() {
        Monitor monitor = new Monitor();
        GuestMemory own = memory(2);
        GrantTable two = table(own, monitor);
        assertThat(two.useVersion2()).isZero();
        assertThat(two.useVersion2()).isZero();
        assertThat(monitor.version).isEqualTo(2);
        assertThat(two.version()).isEqualTo(2);
        assertThat(two.size()).isEqualTo(512);
        long table = DomainLayout.bytes(own.layout().grantTable());
        int whole = two.grantAccess(BACKEND, 17, true);
        long at = GrantEntryV2.entry(table, whole);
        assertThat(whole).isEqualTo(8);
        assertThat(GrantEntryV2.hdrAcquire(own.segment(), at))
                .isEqualTo(BACKEND << 16 | GrantFlags.PERMIT_ACCESS | GrantFlags.READONLY);
        assertThat(GrantEntryV2.fullPageFrame(own.segment(), at)).isEqualTo(17);
        int part = two.reserve();
        two.grantPart(part, BACKEND, 18, 100, 3000, false);
        at = GrantEntryV2.entry(table, part);
        assertThat(GrantEntryV2.hdrAcquire(own.segment(), at))
                .isEqualTo(BACKEND << 16 | GrantFlags.PERMIT_ACCESS | GrantFlags.SUB_PAGE);
        assertThat(GrantEntryV2.subPageFrame(own.segment(), at)).isEqualTo(18);
        assertThat(GrantEntryV2.subPagePageOff(own.segment(), at)).isEqualTo(100);
        assertThat(GrantEntryV2.subPageLength(own.segment(), at)).isEqualTo(3000);
        int via = two.reserve();
        two.grantVia(via, BACKEND, 5, 4711, true);
        at = GrantEntryV2.entry(table, via);
        assertThat(GrantEntryV2.hdrAcquire(own.segment(), at))
                .isEqualTo(BACKEND << 16 | GrantFlags.TRANSITIVE | GrantFlags.READONLY);
        assertThat(GrantEntryV2.transitiveTransDomid(own.segment(), at)).isEqualTo(5);
        assertThat(GrantEntryV2.transitiveGref(own.segment(), at)).isEqualTo(4711);
        assertThat(two.endAccess(via)).isTrue();
        assertThat(GrantEntryV2.hdrAcquire(own.segment(), at)).isZero();
    }

    @Test
    void g11_shouldRefuseToEndAGrantInUseInVersionTwo() {
        GuestMemory own = memory(2);
        GrantTable two = table(own, new Monitor());
        two.useVersion2();
        int ref = two.grantAccess(BACKEND, 5, false);
        long status = GrantEntryV2.statusEntry(DomainLayout.bytes(own.layout().grantStatus()), ref);
        long at = GrantEntryV2.entry(DomainLayout.bytes(own.layout().grantTable()), ref);
        int header = GrantEntryV2.hdrAcquire(own.segment(), at);
        GrantEntryV2.statusVolatile(own.segment(), status, GrantFlags.READING);
        assertThat(two.inUse(ref)).isTrue();
        assertThat(two.revoke(ref)).isFalse();
        assertThat(GrantEntryV2.hdrAcquire(own.segment(), at))
                .as("nothing changed")
                .isEqualTo(header);
        GrantEntryV2.statusVolatile(own.segment(), status, 0);
        assertThat(two.endAccess(ref)).isTrue();
    }

    @Test
    void shouldGrantPartsInVersionTwoOnlyAndChangeBeforeTheFirstGrant() {
        int ref = grants.reserve();
        assertThatThrownBy(() -> grants.grantPart(ref, BACKEND, 1, 0, 1, true))
                .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> grants.grantVia(ref, BACKEND, 1, 0, true)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(grants::useVersion2).isInstanceOf(IllegalStateException.class);
        GrantTable two = table(memory(2), new Monitor());
        two.useVersion2();
        assertThatThrownBy(() -> two.grantPart(two.reserve(), BACKEND, 1, 4000, 97, true))
                .isInstanceOf(IndexOutOfBoundsException.class);
    }
}
