// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.DomId;
import io.splitvisor.abi.Hypercall;
import io.splitvisor.abi.MemoryOp;
import io.splitvisor.abi.PhysmapSpace;
import io.splitvisor.abi.XenAddToPhysmap;
import io.splitvisor.abi.XenAddToPhysmapBatch;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.XenMemoryMap;
import io.splitvisor.abi.XenRemoveFromPhysmap;
import io.splitvisor.abi.grant.GrantFlags;
import io.splitvisor.abi.grant.GrantStatus;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.monitor.Guest;
import io.splitvisor.monitor.Hypervisor;
import io.splitvisor.monitor.memory.GuestMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PhysmapHandlersTest {
    private static final long ARGUMENT = 4096;
    private static final long FAR = 1L << 20;

    private final Hypervisor hypervisor = new Hypervisor();
    private final Guest guest = hypervisor.guest();
    private final GuestMemory memory = guest.domain().memory();
    private final DomainLayout layout = memory.layout();

    @AfterEach
    void nothingIsLeft() {
        hypervisor.close();
    }

    private long add(int space, long index, long frame, int pages, int domid) {
        MemorySegment at = guest.memory();
        XenAddToPhysmap.domid(at, ARGUMENT, domid);
        XenAddToPhysmap.space(at, ARGUMENT, space);
        XenAddToPhysmap.idx(at, ARGUMENT, index);
        XenAddToPhysmap.gpfn(at, ARGUMENT, frame);
        XenAddToPhysmap.pages(at, ARGUMENT, pages);
        return hypervisor.call(guest, Hypercall.MEMORY_OP, MemoryOp.ADD_TO_PHYSMAP, ARGUMENT);
    }

    private long add(int space, long index, long frame) {
        return add(space, index, frame, 0, DomId.SELF);
    }

    private long remove(long frame) {
        XenRemoveFromPhysmap.domid(guest.memory(), ARGUMENT, DomId.SELF);
        XenRemoveFromPhysmap.gpfn(guest.memory(), ARGUMENT, frame);
        return hypervisor.call(guest, Hypercall.MEMORY_OP, MemoryOp.REMOVE_FROM_PHYSMAP, ARGUMENT);
    }

    @Test
    void shouldPutSpecialPagesWhereTheGuestWantsThem() {
        assertThat(add(PhysmapSpace.SHARED_INFO, 0, FAR)).isZero();
        assertThat(memory.machineOffset(FAR)).isEqualTo(DomainLayout.bytes(layout.sharedInfo()));
        assertThat(memory.machineOffset(layout.sharedInfo())).isEqualTo(GuestMemory.NOT_MEMORY);
        assertThat(add(PhysmapSpace.GRANT_TABLE, 1, FAR)).isZero();
        assertThat(memory.machineOffset(FAR)).isEqualTo(DomainLayout.bytes(layout.grantTable() + 1));
        // RAM that was there is given back.
        assertThat(add(PhysmapSpace.SHARED_INFO, 0, 40)).isZero();
        assertThat(memory.machineOffset(40)).isEqualTo(DomainLayout.bytes(layout.sharedInfo()));
        assertThat(memory.reservation().pages()).isEqualTo(Hypervisor.RAM_PAGES - 1);
        // And it can be granted by its new name.
        guest.grant(3, GrantFlags.PERMIT_ACCESS, 0, 40);
        assertThat(guest.domain().grants().pin(0, 3, false)).isEqualTo(DomainLayout.bytes(layout.sharedInfo()));
        guest.domain().grants().unpin(3, false);
    }

    @Test
    void shouldMoveFramesOneOrMany() {
        guest.memory().set(ValueLayout.JAVA_LONG, 50 * 4096, 7);
        assertThat(add(PhysmapSpace.GMFN, 50, FAR)).isZero();
        assertThat(memory.machineOffset(FAR)).isEqualTo(50 * 4096);
        assertThat(memory.machineOffset(50)).isEqualTo(GuestMemory.NOT_MEMORY);
        assertThat(memory.getLong(FAR * 4096)).isEqualTo(7);
        assertThat(add(PhysmapSpace.GMFN_RANGE, 51, FAR + 1, 10, DomId.SELF)).isZero();
        assertThat(memory.machineOffset(FAR + 10)).isEqualTo(60 * 4096);
        assertThat(add(PhysmapSpace.GMFN, FAR, FAR)).isZero();
        assertThat(memory.reservation().pages()).isEqualTo(Hypervisor.RAM_PAGES);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 1, 40, -22", // one shared_info
        "1, 2, 40, -22", // grant frames
        "1, -1, 40, -22",
        "1, 0x80000000, 40, -22", // status frames of version 2
        "2, 0xfffffff, 40, -22", // a hole
        "2, -1, 40, -22",
        "2, 5, -1, -22", // INVALID_GFN
        "2, 5, 0x10000000, -22", // no frame
        "2, 5, -2, -22",
        "4, 5, 40, -38", // foreign
        "5, 5, 40, -13", // dev_mmio
        "6, 5, 40, -22",
        "-1, 5, 40, -22",
    })
    void h2_shouldRefuseWhatIsNotThere(String space, String index, String frame, long error) {
        long result = add((int) (long) Long.decode(space), Long.decode(index), Long.decode(frame));
        assertThat(result).isEqualTo(error);
        assertThat(memory.reservation().pages()).isEqualTo(Hypervisor.RAM_PAGES);
    }

    @Test
    void shouldKeepToItself() {
        Guest other = hypervisor.guest();
        assertThat(add(PhysmapSpace.GMFN, 5, 40, 0, other.domid())).isEqualTo(-XenErrno.EPERM);
        assertThat(add(PhysmapSpace.GMFN, 5, 40, 0, 77)).isEqualTo(-XenErrno.ESRCH);
    }

    @Test
    void h7_shouldCheckHowFarARangeIsSaidToBe() {
        MemorySegment at = guest.memory();
        add(PhysmapSpace.GMFN_RANGE, -5, FAR, 10, DomId.SELF);
        assertThat(add(PhysmapSpace.GMFN_RANGE, -5, FAR, 10, DomId.SELF)).isEqualTo(-XenErrno.EOVERFLOW);
        XenAddToPhysmap.idx(at, ARGUMENT, 5);
        long op = MemoryOp.ADD_TO_PHYSMAP;
        assertThat(hypervisor.call(guest, Hypercall.MEMORY_OP, op | 11 << 6, ARGUMENT))
                .isEqualTo(-XenErrno.EILSEQ);
        assertThat(hypervisor.call(guest, Hypercall.MEMORY_OP, op | 1L << 22, ARGUMENT))
                .isEqualTo(-XenErrno.EDOM);
        assertThat(hypervisor.call(guest, Hypercall.MEMORY_OP, op | 9 << 6, ARGUMENT))
                .isZero();
        assertThat(memory.machineOffset(FAR + 9)).isEqualTo(14 * 4096);
        assertThat(memory.machineOffset(FAR + 8)).isEqualTo(GuestMemory.NOT_MEMORY);
    }

    @Test
    void shouldPutABatchWithAnErrorForEach() {
        MemorySegment at = guest.memory();
        long[] indices = {20, 1000, 21};
        long[] frames = {FAR, FAR + 1, FAR + 2};
        for (int i = 0; i < 3; i++) {
            at.set(ValueLayout.JAVA_LONG, 8192 + 8L * i, indices[i]);
            at.set(ValueLayout.JAVA_LONG, 8448 + 8L * i, frames[i]);
            at.set(ValueLayout.JAVA_INT, 8704 + 4L * i, 99);
        }
        XenAddToPhysmapBatch.domid(at, ARGUMENT, DomId.SELF);
        XenAddToPhysmapBatch.space(at, ARGUMENT, PhysmapSpace.GMFN);
        XenAddToPhysmapBatch.pages(at, ARGUMENT, 3);
        XenAddToPhysmapBatch.idxs(at, ARGUMENT, 8192);
        XenAddToPhysmapBatch.gpfns(at, ARGUMENT, 8448);
        XenAddToPhysmapBatch.errs(at, ARGUMENT, 8704);
        long op = MemoryOp.ADD_TO_PHYSMAP_BATCH;
        assertThat(hypervisor.call(guest, Hypercall.MEMORY_OP, op, ARGUMENT)).isZero();
        assertThat(at.get(ValueLayout.JAVA_INT, 8704)).isZero();
        assertThat(at.get(ValueLayout.JAVA_INT, 8708)).isEqualTo(-XenErrno.EINVAL);
        assertThat(at.get(ValueLayout.JAVA_INT, 8712)).isZero();
        assertThat(memory.machineOffset(FAR + 2)).isEqualTo(21 * 4096);
        // All done, and more than all.
        assertThat(hypervisor.call(guest, Hypercall.MEMORY_OP, op | 3 << 6, ARGUMENT))
                .isEqualTo(-XenErrno.EILSEQ);
        XenAddToPhysmapBatch.space(at, ARGUMENT, PhysmapSpace.GMFN_FOREIGN);
        XenAddToPhysmapBatch.u(at, ARGUMENT, guest.domid());
        assertThat(hypervisor.call(guest, Hypercall.MEMORY_OP, op, ARGUMENT)).isZero();
        assertThat(at.get(ValueLayout.JAVA_INT, 8712)).isEqualTo(-XenErrno.EINVAL);
        XenAddToPhysmapBatch.u(at, ARGUMENT, 0);
        assertThat(hypervisor.call(guest, Hypercall.MEMORY_OP, op, ARGUMENT)).isZero();
        assertThat(at.get(ValueLayout.JAVA_INT, 8712)).isEqualTo(-XenErrno.EPERM);
        XenAddToPhysmapBatch.errs(at, ARGUMENT, -4);
        assertThat(hypervisor.call(guest, Hypercall.MEMORY_OP, op, ARGUMENT)).isEqualTo(-XenErrno.EFAULT);
        XenAddToPhysmapBatch.space(at, ARGUMENT, PhysmapSpace.GMFN_RANGE);
        assertThat(hypervisor.call(guest, Hypercall.MEMORY_OP, op, ARGUMENT)).isEqualTo(-XenErrno.EOPNOTSUPP);
    }

    @Test
    void shouldTakePagesFromTheirFramesAndKeepThem() {
        assertThat(remove(30)).isZero();
        assertThat(remove(30)).isEqualTo(-XenErrno.ENOENT);
        assertThat(remove(-1)).isEqualTo(-XenErrno.ENOENT);
        assertThat(remove(layout.sharedInfo())).isZero();
        assertThat(memory.reservation().pages()).isEqualTo(Hypervisor.RAM_PAGES);
        guest.grant(3, GrantFlags.PERMIT_ACCESS, 0, 30);
        assertThat(guest.domain().grants().pin(0, 3, true)).isEqualTo(GrantStatus.BAD_PAGE);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 100, -1})
    void h10_shouldDescribeTheMemoryInAsManyEntriesAsThereIsRoomFor(int room) {
        XenMemoryMap.nrEntries(guest.memory(), ARGUMENT, room);
        XenMemoryMap.buffer(guest.memory(), ARGUMENT, 8192);
        guest.memory().asSlice(8192, 64).fill((byte) 0x55);
        assertThat(hypervisor.call(guest, Hypercall.MEMORY_OP, MemoryOp.MEMORY_MAP, ARGUMENT))
                .isZero();
        int told = room < 0 ? 2 : Math.min(room, 2);
        assertThat(XenMemoryMap.nrEntries(guest.memory(), ARGUMENT)).isEqualTo(told);
        assertThat(guest.memory().get(ValueLayout.JAVA_BYTE, 8192 + 20L * told)).isEqualTo((byte) 0x55);
        if (told > 0) {
            assertThat(guest.memory().get(ValueLayout.JAVA_LONG, 8200)).isEqualTo(Hypervisor.RAM_PAGES * 4096L);
            assertThat(guest.memory().get(ValueLayout.JAVA_INT, 8208)).isOne();
        }
    }
}
