// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.grant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.grant.GrantEntryV1;
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
}
