// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.splitvisor.attach.DomainLayout;
import java.lang.foreign.Arena;
import org.junit.jupiter.api.Test;

class GuestMemoryTest {
    private static final DomainLayout LAYOUT = new DomainLayout(8, 1, 1);

    private final GuestMemory memory = new GuestMemory(Arena.ofAuto().allocate(LAYOUT.totalBytes()), LAYOUT);

    @Test
    void b23_shouldHandOutFramesZeroed() {
        int frame = memory.allocate(3);
        memory.pages(frame, 3).fill((byte) 0xaa);
        memory.free(frame, 3);
        for (int left = memory.freeFrames(); left > 0; left--) {
            assertThat(memory.page(memory.allocate()).mismatch(zeros())).isEqualTo(-1);
        }
    }

    private static java.lang.foreign.MemorySegment zeros() {
        return java.lang.foreign.MemorySegment.ofArray(new byte[GuestMemory.PAGE_SIZE]);
    }

    @Test
    void shouldSayWhatIsMissing() {
        memory.allocate(5);
        assertThatExceptionOfType(GuestMemory.OutOfGuestMemoryException.class)
                .isThrownBy(() -> memory.allocate(3))
                .withMessage("no 3 free frames in a row (2 free in all)");
    }

    @Test
    void shouldNotReachOutsideItsBounds() {
        assertThat(memory.page(LAYOUT.totalPages() - 1).byteSize()).isEqualTo(4096);
        assertThatThrownBy(() -> memory.page(LAYOUT.totalPages())).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> memory.page(-1)).isInstanceOf(IndexOutOfBoundsException.class);
    }
}
