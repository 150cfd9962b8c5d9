// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.Hypercall;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.XenFeature;
import io.splitvisor.abi.XenVersion;
import io.splitvisor.hypercall.HypercallOp;
import io.splitvisor.monitor.Guest;
import io.splitvisor.monitor.Hypervisor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class XenVersionHandlersTest {
    private static final long AT = 4096 + 13;

    private final Hypervisor hypervisor = new Hypervisor();
    private final Guest guest = hypervisor.guest();

    @AfterEach
    void nothingIsLeft() {
        hypervisor.close();
    }

    private long call(long command, long at) {
        return hypervisor.call(guest, Hypercall.XEN_VERSION, command, at);
    }

    private String text(int bytes) {
        byte[] all = guest.memory().asSlice(AT, bytes).toArray(ValueLayout.JAVA_BYTE);
        return new String(all, StandardCharsets.US_ASCII).replaceAll("\0+$", "");
    }

    @Test
    void shouldTellVersionAndPageSize() {
        assertThat(call(XenVersion.VERSION, -1)).isEqualTo(0x40011);
        assertThat(call(XenVersion.PAGESIZE, 0)).isEqualTo(4096);
        assertThat(call(XenVersion.PAGESIZE, 4096)).isEqualTo(-XenErrno.EINVAL);
    }

    @ParameterizedTest
    @CsvSource({"1, 16, .0-splitvisor", "3, 1024, xen-3.0-x86_64", "4, 64, unavailable", "9, 1024, <denied>"})
    void shouldTellTexts(int command, int bytes, String expected) {
        assertThat(call(command, AT)).isZero();
        assertThat(text(bytes)).isEqualTo(expected);
    }

    @ParameterizedTest
    @EnumSource(
            mode = EnumSource.Mode.MATCH_ALL,
            names = {"XENVER_.*"})
    void h10_shouldZeroWhatFollowsTheData(HypercallOp op) {
        int size = op.argument().size();
        MemorySegment around = guest.memory().asSlice(AT - 8, size + 16L);
        around.fill((byte) 0xa5);
        guest.memory().set(ValueLayout.JAVA_INT_UNALIGNED, AT, 0);
        long result = call(op.command(), AT);
        if (result == 0 && size > 16) {
            int used = text(op == HypercallOp.XENVER_COMPILE_INFO ? 64 : size).length();
            for (long i = used; i < (op == HypercallOp.XENVER_COMPILE_INFO ? 64 : size); i++) {
                assertThat(guest.memory().get(ValueLayout.JAVA_BYTE, AT + i)).isZero();
            }
        }
        for (int i = 0; i < 8; i++) {
            assertThat(around.get(ValueLayout.JAVA_BYTE, i)).isEqualTo((byte) 0xa5);
            assertThat(around.get(ValueLayout.JAVA_BYTE, size + 8L + Math.max(i, size == 0 ? 4 : 0)))
                    .isEqualTo((byte) 0xa5);
        }
    }

    @Test
    void shouldTellTheFeaturesOfATranslatedGuest() {
        guest.memory().set(ValueLayout.JAVA_INT_UNALIGNED, AT, 0);
        assertThat(call(XenVersion.GET_FEATURES, AT)).isZero();
        int submap = guest.memory().get(ValueLayout.JAVA_INT_UNALIGNED, AT + 4);
        assertThat(submap & 1 << XenFeature.AUTO_TRANSLATED_PHYSMAP).isNotZero();
        assertThat(submap & 1 << XenFeature.HVM_SAFE_PVCLOCK).isNotZero();
        assertThat(submap & 1 << XenFeature.DOM0).isZero();
        assertThat(submap & 1 << XenFeature.HVM_PIRQS).isZero();
        guest.memory().set(ValueLayout.JAVA_INT_UNALIGNED, AT, 1);
        assertThat(call(XenVersion.GET_FEATURES, AT)).isEqualTo(-XenErrno.EINVAL);
    }

    @Test
    void shouldTellTheDomainsHandle() {
        UUID handle = UUID.randomUUID();
        guest.domain().handle(handle);
        assertThat(call(XenVersion.GUEST_HANDLE, AT)).isZero();
        ByteBuffer bytes = guest.memory().asSlice(AT, 16).asByteBuffer();
        assertThat(new UUID(bytes.getLong(), bytes.getLong())).isEqualTo(handle);
    }

    @Test
    void shouldKeepTheBuildToItself() {
        assertThat(call(XenVersion.BUILD_ID, 0)).isEqualTo(-XenErrno.EPERM);
        assertThat(call(11, 0)).isEqualTo(-XenErrno.ENOSYS);
    }
}
