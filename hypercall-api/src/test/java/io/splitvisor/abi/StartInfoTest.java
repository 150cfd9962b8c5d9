// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class StartInfoTest {
    private static final long AT = 16;

    private final MemorySegment memory = Arena.ofAuto().allocate(2048, 8);

    @Test
    void shouldWriteTextWithANulAndNothingBeyondItsField() {
        memory.fill((byte) 0x11);
        StartInfo.magic(memory, AT, "xen-3.0-x86_64");
        StartInfo.cmdLine(memory, AT, "root=/dev/xvda");
        assertThat(StartInfo.magic(memory, AT)).isEqualTo("xen-3.0-x86_64");
        assertThat(StartInfo.cmdLine(memory, AT)).isEqualTo("root=/dev/xvda");
        byte[] bytes = memory.toArray(ValueLayout.JAVA_BYTE);
        assertThat(Arrays.copyOfRange(bytes, (int) AT + 14, (int) AT + 32)).containsOnly(0);
        assertThat(Arrays.copyOfRange(bytes, (int) AT + 32, (int) AT + 128)).containsOnly(0x11);
        assertThat(Arrays.copyOfRange(bytes, (int) AT + 128 + 14, (int) AT + 1152))
                .containsOnly(0);
        assertThat(Arrays.copyOfRange(bytes, (int) AT + 1152, 2048)).containsOnly(0x11);
        assertThat(Arrays.copyOfRange(bytes, 0, (int) AT)).containsOnly(0x11);
    }

    @Test
    void shouldReadTextThatHasNoNul() {
        memory.fill((byte) 'x');
        assertThat(StartInfo.magic(memory, AT)).isEqualTo("x".repeat(32));
        assertThat(StartInfo.cmdLine(memory, AT)).isEqualTo("x".repeat(1024));
    }

    @Test
    void shouldRefuseTextThatLeavesNoRoomForANul() {
        StartInfo.cmdLine(memory, AT, "y".repeat(1023));
        assertThat(StartInfo.cmdLine(memory, AT)).hasSize(1023);
        assertThatThrownBy(() -> StartInfo.cmdLine(memory, AT, "y".repeat(1024)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("text of 1024 bytes in a field of 1024");
        assertThatThrownBy(() -> StartInfo.magic(memory, AT, "\u00e9".repeat(16)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("text of 32 bytes in a field of 32");
    }
}
