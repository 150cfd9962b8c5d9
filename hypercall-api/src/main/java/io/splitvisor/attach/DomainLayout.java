// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.attach;

import io.splitvisor.abi.SharedInfo;
import io.splitvisor.abi.grant.GrantEntryV2;
import io.splitvisor.abi.paging.MonitorLayout;

/**
 * Where things lie in a domain's guest-physical memory, in frame numbers. RAM comes first; the special pages follow it
 * in this order:
 *
 * <pre>
 *   shared_info | start_info | xenstore ring | console ring | grant table frames | grant status frames | vCPU areas
 * </pre>
 *
 * A vCPU area is one control page and the pages of its hypercall ring.
 *
 * @param ramPages pages of RAM, from frame 0
 * @param grantFrames most pages of the grant table; it starts with fewer, and grows when the guest asks
 * @param vcpus number of virtual processors
 */
public record DomainLayout(int ramPages, int grantFrames, int vcpus) {
    /** Bytes in a frame. */
    public static final int PAGE_SIZE = 4096;

    /** Pages of a vCPU's hypercall ring: 128 slots. */
    public static final int HYPERCALL_RING_PAGES = 4;

    /** Pages of a vCPU area. */
    public static final int VCPU_AREA_PAGES = 1 + HYPERCALL_RING_PAGES;

    /** Offset in a vCPU's control page of the word that is 1 while the vCPU sleeps (Dom0 rings the guest's bell then). */
    public static final int VCPU_ASLEEP = 0;

    /** Frames that a grant table has at first, if it can have so many; it grows when the guest asks. */
    public static final int INITIAL_GRANT_FRAMES = 8;

    /** Offset there of the system time, 8 bytes, since which the vCPU has been asleep; 0 while it is awake. For its runstate. */
    public static final int VCPU_ASLEEP_SINCE = 8;

    /** Offset there of the nanoseconds, 8 bytes, that the vCPU has slept altogether, the present sleep left out. */
    public static final int VCPU_SLEPT = 16;

    /** Offset there of the number, 4 bytes, that the host gave the vCPU's thread; 0 if it does not tell. For its runstate. */
    public static final int VCPU_THREAD = 24;

    /** Most RAM a domain can have: 16 TiB would overflow the frame number; this is 1 TiB. */
    public static final int MAX_RAM_PAGES = 1 << 28;

    /** The most virtual processors: those that have their vcpu_info in the shared_info page. */
    public static final int MAX_VCPUS = SharedInfo.LEGACY_MAX_VCPUS;

    /** Checks the ranges. */
    public DomainLayout {
        require(ramPages > 0 && ramPages <= MAX_RAM_PAGES, "ramPages", ramPages);
        require(grantFrames > 0 && grantFrames <= 1024, "grantFrames", grantFrames);
        require(vcpus > 0 && vcpus <= MAX_VCPUS, "vcpus", vcpus);
    }

    private static void require(boolean ok, String what, int value) {
        if (!ok) {
            throw new IllegalArgumentException(what + " " + value + " is out of range");
        }
    }

    /** Frame of shared_info. */
    public int sharedInfo() {
        return ramPages;
    }

    /** Frame of start_info. */
    public int startInfo() {
        return ramPages + 1;
    }

    /** Frame of the xenstore ring. */
    public int xenstore() {
        return ramPages + 2;
    }

    /** Frame of the console ring. */
    public int console() {
        return ramPages + 3;
    }

    /** First frame of the grant table. */
    public int grantTable() {
        return ramPages + 4;
    }

    /** Pages that the grant table has before the guest asks for more. */
    public int initialGrantFrames() {
        return Math.min(INITIAL_GRANT_FRAMES, grantFrames);
    }

    /** First of the {@link #grantStatusFrames}. */
    public int grantStatus() {
        return grantTable() + grantFrames;
    }

    /** Pages for the status words of a version 2 grant table of {@link #grantFrames}. */
    public int grantStatusFrames() {
        return GrantEntryV2.statusFrames(grantFrames);
    }

    /** Control page of a vCPU. */
    public int vcpuControl(int vcpu) {
        return grantStatus() + grantStatusFrames() + vcpu * VCPU_AREA_PAGES;
    }

    /** First frame of a vCPU's hypercall ring. */
    public int hypercallRing(int vcpu) {
        return vcpuControl(vcpu) + 1;
    }

    /** All frames, RAM and special ones. */
    public int totalPages() {
        return vcpuControl(vcpus);
    }

    /** All bytes. */
    public long totalBytes() {
        return bytes(totalPages());
    }

    /**
     * Where things lie in the monitor's memory of such a domain.
     *
     * @param populated pages of RAM that it has at first
     * @param poolPages most table pages
     */
    public MonitorLayout monitorLayout(int populated, int poolPages) {
        return new MonitorLayout(vcpuControl(0), ramPages, populated, poolPages);
    }

    /** Guest-physical address of a frame. */
    public static long bytes(int frame) {
        return (long) frame * PAGE_SIZE;
    }
}
