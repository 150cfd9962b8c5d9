// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor;

import io.splitvisor.abi.MulticallEntry;
import io.splitvisor.abi.SharedInfo;
import io.splitvisor.abi.VcpuInfo;
import io.splitvisor.abi.grant.GrantEntryV1;
import io.splitvisor.abi.grant.GrantEntryV2;
import io.splitvisor.abi.grant.GrantFlags;
import io.splitvisor.attach.CallMarker;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.ring.FrontRing;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** A guest's side of a domain: what a process that has attached would read and write, and nothing else. */
public final class Guest {
    private final Domain domain;
    private final MemorySegment memory;
    private final MemorySegment sharedInfo;
    private final MemorySegment grants;
    private final List<FrontRing> rings = new ArrayList<>();

    /** The guest of a domain that is still fresh. */
    public Guest(Domain domain) {
        this.domain = domain;
        DomainLayout layout = domain.memory().layout();
        memory = domain.memory().segment();
        sharedInfo = domain.memory().page(layout.sharedInfo());
        grants = domain.memory().pages(layout.grantTable(), layout.grantFrames());
        for (int vcpu = 0; vcpu < layout.vcpus(); vcpu++) {
            MemorySegment pages = domain.memory().pages(layout.hypercallRing(vcpu), DomainLayout.HYPERCALL_RING_PAGES);
            rings.add(FrontRing.attach(pages, MulticallEntry.SIZE, 0, 0));
        }
    }

    /** The monitor's view of it. */
    public Domain domain() {
        return domain;
    }

    /** Its number. */
    public int domid() {
        return domain.domid();
    }

    /** Guest-physical memory. */
    public MemorySegment memory() {
        return memory;
    }

    /** The shared_info page. */
    public MemorySegment sharedInfo() {
        return sharedInfo;
    }

    /** The grant table. */
    public MemorySegment grantTable() {
        return grants;
    }

    /** The hypercall ring of a vCPU. */
    public FrontRing ring(int vcpu) {
        return rings.get(vcpu);
    }

    /** Writes a call into the ring of vCPU 0; nobody sees it yet. */
    public void stage(long number, long... arguments) {
        FrontRing ring = rings.getFirst();
        MemorySegment entry = ring.claimRequest();
        MulticallEntry.op(entry, 0, number);
        // What the monitor must overwrite.
        MulticallEntry.result(entry, 0, 0x5555_5555_5555_5555L);
        for (int i = 0; i < MulticallEntry.NR_ARGS; i++) {
            MulticallEntry.args(entry, 0, i, i < arguments.length ? arguments[i] : 0);
        }
    }

    /** Says of the call staged last, in its slot, that it is complete: the monitor need not wait for the index. */
    public void handOver() {
        FrontRing ring = rings.getFirst();
        MemorySegment slot = ring.slot(ring.reqProdPvt() - 1);
        MulticallEntry.resultRelease(slot, 0, CallMarker.HANDED_OVER);
    }

    /** Publishes what was staged; whether Dom0 wants its bell rung. */
    public boolean push() {
        return rings.getFirst().pushRequestsAndCheckNotify();
    }

    /** The results that have come, in order. */
    public List<Long> results() {
        FrontRing ring = rings.getFirst();
        List<Long> results = new ArrayList<>();
        while (ring.unconsumedResponses() > 0) {
            results.add(MulticallEntry.result(ring.takeResponse(), 0));
        }
        return results;
    }

    /** Writes a grant entry as a guest does: frame and domid, then the flags. */
    public void grant(int ref, int flags, int domid, int frame) {
        long at = GrantEntryV1.entry(0, ref);
        GrantEntryV1.frame(grants, at, frame);
        GrantEntryV1.domid(grants, at, domid);
        GrantEntryV1.flagsRelease(grants, at, flags);
    }

    /** The flags of a grant entry. */
    public int grantFlags(int ref) {
        return GrantEntryV1.flagsAcquire(grants, GrantEntryV1.entry(0, ref));
    }

    /** Writes a version 2 entry for a whole page. */
    public void grantPage(int ref, int flags, int domid, long frame) {
        long at = GrantEntryV2.entry(0, ref);
        GrantEntryV2.fullPageFrame(grants, at, frame);
        GrantEntryV2.hdrRelease(grants, at, GrantEntryV1.flagsAndDomid(flags, domid));
    }

    /** Writes a version 2 entry for a part of a page, readable and writable. */
    public void grantPart(int ref, int domid, long frame, int offset, int length) {
        long at = GrantEntryV2.entry(0, ref);
        GrantEntryV2.subPageFrame(grants, at, frame);
        GrantEntryV2.subPagePageOff(grants, at, offset);
        GrantEntryV2.subPageLength(grants, at, length);
        int flags = GrantFlags.PERMIT_ACCESS | GrantFlags.SUB_PAGE;
        GrantEntryV2.hdrRelease(grants, at, GrantEntryV1.flagsAndDomid(flags, domid));
    }

    /** Writes a version 2 entry that passes another domain's grant on. */
    public void grantVia(int ref, int domid, int viaDomid, int viaRef) {
        long at = GrantEntryV2.entry(0, ref);
        GrantEntryV2.transitiveTransDomid(grants, at, viaDomid);
        GrantEntryV2.transitiveGref(grants, at, viaRef);
        GrantEntryV2.hdrRelease(grants, at, GrantEntryV1.flagsAndDomid(GrantFlags.TRANSITIVE, domid));
    }

    /** Flags and domid of a version 2 entry. */
    public int grantHeader(int ref) {
        return GrantEntryV2.hdrAcquire(grants, GrantEntryV2.entry(0, ref));
    }

    /** The status word of a version 2 entry. */
    public int grantStatus(int ref) {
        DomainLayout layout = domain.memory().layout();
        MemorySegment statuses = domain.memory().pages(layout.grantStatus(), layout.grantStatusFrames());
        return GrantEntryV2.statusAcquire(statuses, GrantEntryV2.statusEntry(0, ref));
    }

    /** Whether a port's pending bit is set. */
    public boolean isPending(int port) {
        return SharedInfo.isPendingAcquire(sharedInfo, 0, port);
    }

    /** Whether the monitor asked for an upcall. */
    public boolean isUpcallPending() {
        return isUpcallPending(0);
    }

    /** Whether the monitor asked a vCPU for an upcall. */
    public boolean isUpcallPending(int vcpu) {
        return VcpuInfo.isUpcallPendingAcquire(sharedInfo, SharedInfo.vcpuInfo(0, vcpu));
    }

    /** Takes a vCPU's upcall flag; whether it was set. */
    public boolean takeUpcall(int vcpu) {
        boolean was = isUpcallPending(vcpu);
        VcpuInfo.clearUpcallPendingVolatile(sharedInfo, SharedInfo.vcpuInfo(0, vcpu));
        return was;
    }

    /** Takes all pending events as an upcall does: flag, selector, words. Ports in ascending order. */
    public List<Integer> takeEvents() {
        return takeEvents(0);
    }

    /** The same on any vCPU. */
    public List<Integer> takeEvents(int vcpu) {
        List<Integer> ports = new ArrayList<>();
        long info = SharedInfo.vcpuInfo(0, vcpu);
        VcpuInfo.clearUpcallPendingVolatile(sharedInfo, info);
        long words = VcpuInfo.takePendingSelVolatile(sharedInfo, info);
        for (; words != 0; words &= words - 1) {
            int word = Long.numberOfTrailingZeros(words);
            long active = SharedInfo.activeWordVolatile(sharedInfo, 0, word);
            for (; active != 0; active &= active - 1) {
                int port = word * Long.SIZE + Long.numberOfTrailingZeros(active);
                SharedInfo.testAndClearPendingVolatile(sharedInfo, 0, port);
                ports.add(port);
            }
        }
        return ports;
    }
}
