// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.hypercall;

import java.lang.foreign.MemorySegment;

/**
 * Hypercalls one at a time: each method makes one and waits for its result, which is negative for a Xen error. Any
 * thread. For many calls at once, or to go on without waiting, see {@link HypercallBatch}; to notify a back end, see
 * {@link HypercallRing#send}.
 */
public final class Hypercalls {
    /** Bytes of guest memory for argument structures. */
    public static final int ARGUMENT_BYTES = 4096;

    private static final int MOST_CALLERS = ARGUMENT_BYTES / HypercallBatch.ARGUMENT_BYTES;

    private final HypercallRing ring;
    private final MemorySegment memory;
    private final long arguments;

    // Batches of one call each, made when first needed, and lent to callers.
    private final HypercallBatch[] idle = new HypercallBatch[MOST_CALLERS];
    private int idleCount;
    private int made;

    /**
     * @param ring the vCPU's ring
     * @param memory guest-physical memory
     * @param arguments guest-physical address of {@link #ARGUMENT_BYTES} bytes
     */
    public Hypercalls(HypercallRing ring, MemorySegment memory, long arguments) {
        this.ring = ring;
        this.memory = memory;
        this.arguments = arguments;
    }

    /** The ring that the calls go through. */
    public HypercallRing ring() {
        return ring;
    }

    private synchronized HypercallBatch borrow() {
        boolean interrupted = false;
        while (idleCount == 0 && made == MOST_CALLERS) {
            // As many calls under way as there are argument structures: one of them will end.
            try {
                wait();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        if (idleCount > 0) {
            return idle[--idleCount];
        }
        long at = arguments + (long) made++ * HypercallBatch.ARGUMENT_BYTES;
        return new HypercallBatch(ring, 1, memory, at);
    }

    private synchronized void giveBack(HypercallBatch batch) {
        batch.clear();
        idle[idleCount++] = batch;
        notify();
    }

    private long finish(HypercallBatch batch) {
        batch.run();
        long result = batch.result(0);
        giveBack(batch);
        return result;
    }

    /**
     * {@code EVTCHNOP_alloc_unbound}: a new port for a remote domain to bind.
     *
     * @return the port, or a negative error
     */
    public int evtchnAllocUnbound(int remoteDomid) {
        HypercallBatch batch = borrow();
        batch.evtchn().allocUnbound(remoteDomid);
        batch.run();
        long result = batch.result(0);
        int answer = result == 0 ? batch.evtchn().allocatedPort(0) : (int) result;
        giveBack(batch);
        return answer;
    }

    /**
     * {@code EVTCHNOP_bind_interdomain}: a new port connected with a port that a remote domain offers.
     *
     * @return the local port, or a negative error
     */
    public int evtchnBindInterdomain(int remoteDomid, int remotePort) {
        HypercallBatch batch = borrow();
        batch.evtchn().bindInterdomain(remoteDomid, remotePort);
        batch.run();
        long result = batch.result(0);
        int answer = result == 0 ? batch.evtchn().boundPort(0) : (int) result;
        giveBack(batch);
        return answer;
    }

    /** {@code EVTCHNOP_close}: 0 or a negative error. */
    public int evtchnClose(int port) {
        HypercallBatch batch = borrow();
        batch.evtchn().close(port);
        return (int) finish(batch);
    }

    /** {@code EVTCHNOP_send}, waiting for its result: 0 or a negative error. */
    public int evtchnSend(int port) {
        HypercallBatch batch = borrow();
        batch.evtchn().send(port);
        return (int) finish(batch);
    }

    /** {@code EVTCHNOP_unmask}: 0 or a negative error. */
    public int evtchnUnmask(int port) {
        HypercallBatch batch = borrow();
        batch.evtchn().unmask(port);
        return (int) finish(batch);
    }

    /** {@code EVTCHNOP_status}: an {@link io.splitvisor.abi.evtchn.EventChannelStatus}, or a negative error. */
    public int evtchnStatus(int port) {
        HypercallBatch batch = borrow();
        batch.evtchn().status(port);
        batch.run();
        long result = batch.result(0);
        int answer = result == 0 ? batch.evtchn().portStatus(0) : (int) result;
        giveBack(batch);
        return answer;
    }

    /**
     * {@code EVTCHNOP_bind_virq}: a new port for a virtual interrupt of a vCPU.
     *
     * @return the port, or a negative error
     */
    public int evtchnBindVirq(int virq, int vcpu) {
        HypercallBatch batch = borrow();
        batch.evtchn().bindVirq(virq, vcpu);
        batch.run();
        long result = batch.result(0);
        int answer = result == 0 ? batch.evtchn().virqPort(0) : (int) result;
        giveBack(batch);
        return answer;
    }

    /**
     * {@code EVTCHNOP_bind_ipi}: a new port by which this domain's vCPUs notify one of them.
     *
     * @return the port, or a negative error
     */
    public int evtchnBindIpi(int vcpu) {
        HypercallBatch batch = borrow();
        batch.evtchn().bindIpi(vcpu);
        batch.run();
        long result = batch.result(0);
        int answer = result == 0 ? batch.evtchn().ipiPort(0) : (int) result;
        giveBack(batch);
        return answer;
    }

    /** {@code EVTCHNOP_bind_vcpu}: 0 or a negative error. */
    public int evtchnBindVcpu(int port, int vcpu) {
        HypercallBatch batch = borrow();
        batch.evtchn().bindVcpu(port, vcpu);
        return (int) finish(batch);
    }

    /** {@code EVTCHNOP_reset} of this domain: 0 or a negative error. */
    public int evtchnReset() {
        HypercallBatch batch = borrow();
        batch.evtchn().reset();
        return (int) finish(batch);
    }

    /** {@code EVTCHNOP_init_control}: 0 or a negative error. */
    public int evtchnInitControl(int vcpu, long frame, int offset) {
        HypercallBatch batch = borrow();
        batch.evtchn().initControl(vcpu, frame, offset);
        return (int) finish(batch);
    }

    /** {@code EVTCHNOP_expand_array}: 0 or a negative error. */
    public int evtchnExpandArray(long frame) {
        HypercallBatch batch = borrow();
        batch.evtchn().expandArray(frame);
        return (int) finish(batch);
    }

    /** {@code EVTCHNOP_set_priority}: 0 or a negative error. */
    public int evtchnSetPriority(int port, int priority) {
        HypercallBatch batch = borrow();
        batch.evtchn().setPriority(port, priority);
        return (int) finish(batch);
    }

    /** {@code GNTTABOP_query_size}: the most frames that the grant table can have, or a negative error or GNTST status. */
    public int gnttabMaxFrames() {
        HypercallBatch batch = borrow();
        batch.gnttab().querySize();
        batch.run();
        long result = batch.result(0);
        int answer;
        if (result == 0) {
            GrantTableCalls.Size size = batch.gnttab().size(0);
            answer = size.status() == 0 ? size.maxFrames() : size.status();
        } else {
            answer = (int) result;
        }
        giveBack(batch);
        return answer;
    }

    /**
     * {@code GNTTABOP_setup_table}.
     *
     * @param frameList guest-physical address of the array for the frame numbers, 8 bytes each
     * @return 0, or a negative error or GNTST status
     */
    public int gnttabSetupTable(int frames, long frameList) {
        HypercallBatch batch = borrow();
        batch.gnttab().setupTable(frames, frameList);
        batch.run();
        long result = batch.result(0);
        int answer = result == 0 ? batch.gnttab().setupTableStatus(0) : (int) result;
        giveBack(batch);
        return answer;
    }

    /** {@code GNTTABOP_get_version}: the version of this domain's grant table, or a negative error. */
    public int gnttabGetVersion() {
        HypercallBatch batch = borrow();
        batch.gnttab().getVersion();
        batch.run();
        long result = batch.result(0);
        int answer = result == 0 ? batch.gnttab().version(0) : (int) result;
        giveBack(batch);
        return answer;
    }

    /**
     * {@code GNTTABOP_set_version}: chooses the version of this domain's grant table, 1 or 2. All entries but the first eight
     * are cleared.
     *
     * @return 0 or a negative error: -EBUSY if a grant is in use
     */
    public int gnttabSetVersion(int version) {
        HypercallBatch batch = borrow();
        batch.gnttab().setVersion(version);
        return (int) finish(batch);
    }

    /**
     * {@code GNTTABOP_copy} of an array that lies in guest memory, and gets the statuses.
     *
     * @param array guest-physical address of {@link io.splitvisor.abi.grant.GnttabCopy} structures
     * @param count how many
     * @return 0 or a negative error
     */
    public int gnttabCopy(long array, int count) {
        HypercallBatch batch = borrow();
        batch.gnttab().copyArray(array, count);
        return (int) finish(batch);
    }

    /** {@code SCHEDOP_yield}: 0 or a negative error. */
    public int schedYield() {
        HypercallBatch batch = borrow();
        batch.sched().yieldProcessor();
        return (int) finish(batch);
    }

    /** {@code SCHEDOP_block}: returns when an event is pending for this vCPU; 0 or a negative error. */
    public int schedBlock() {
        HypercallBatch batch = borrow();
        batch.sched().block();
        return (int) finish(batch);
    }

    /** {@code SCHEDOP_shutdown} with the code of an {@link io.splitvisor.abi.ShutdownReason}: 0 or a negative error. */
    public int schedShutdown(int reason) {
        HypercallBatch batch = borrow();
        batch.sched().shutdown(reason);
        return (int) finish(batch);
    }

    /**
     * {@code SCHEDOP_watchdog}.
     *
     * @param id 0 for a new one; else the one to set again
     * @param seconds until it ends the domain; 0 gives a watchdog back
     * @return the new one's id, 0, or a negative error
     */
    public int schedWatchdog(int id, int seconds) {
        HypercallBatch batch = borrow();
        batch.sched().watchdog(id, seconds);
        return (int) finish(batch);
    }

    /** {@code set_timer_op}: the system time at which VIRQ_TIMER comes to this vCPU, or 0 for never; 0 or a negative error. */
    public int setTimer(long systemTime) {
        HypercallBatch batch = borrow();
        batch.vcpu().setTimer(systemTime);
        return (int) finish(batch);
    }

    /** {@code VCPUOP_set_periodic_timer}: 0 or a negative error. */
    public int vcpuSetPeriodicTimer(int vcpu, long nanos) {
        HypercallBatch batch = borrow();
        batch.vcpu().setPeriodicTimer(vcpu, nanos);
        return (int) finish(batch);
    }

    /** {@code VCPUOP_stop_periodic_timer}: 0 or a negative error. */
    public int vcpuStopPeriodicTimer(int vcpu) {
        HypercallBatch batch = borrow();
        batch.vcpu().stopPeriodicTimer(vcpu);
        return (int) finish(batch);
    }

    /** {@code VCPUOP_initialise}, with a context anywhere in memory; 0 or a negative error. */
    public int vcpuInitialise(int vcpu, long context) {
        HypercallBatch batch = borrow();
        batch.vcpu().initialise(vcpu, context);
        return (int) finish(batch);
    }

    /** {@code VCPUOP_up}: 0 or a negative error. */
    public int vcpuUp(int vcpu) {
        HypercallBatch batch = borrow();
        batch.vcpu().up(vcpu);
        return (int) finish(batch);
    }

    /** {@code VCPUOP_down}: 0 or a negative error. */
    public int vcpuDown(int vcpu) {
        HypercallBatch batch = borrow();
        batch.vcpu().down(vcpu);
        return (int) finish(batch);
    }

    /** {@code VCPUOP_is_up}: 1 or 0, or a negative error. */
    public int vcpuIsUp(int vcpu) {
        HypercallBatch batch = borrow();
        batch.vcpu().isUp(vcpu);
        return (int) finish(batch);
    }

    /** {@code VCPUOP_get_runstate_info}; null for a vCPU that there is not. */
    public VcpuCalls.RunstateInfo vcpuRunstate(int vcpu) {
        HypercallBatch batch = borrow();
        batch.vcpu().getRunstateInfo(vcpu);
        batch.run();
        VcpuCalls.RunstateInfo answer = batch.result(0) == 0 ? batch.vcpu().runstate(0) : null;
        giveBack(batch);
        return answer;
    }

    /** {@code XENVER_version}: major shifted left by 16, plus minor; or a negative error. */
    public int xenVersion() {
        HypercallBatch batch = borrow();
        batch.version().version();
        return (int) finish(batch);
    }

    /** {@code XENMEM_populate_physmap}, order 0: how many frames of the list got pages; or a negative error. */
    public long memPopulate(long list, long frames) {
        HypercallBatch batch = borrow();
        batch.mem().populatePhysmap(list, frames, 0);
        return finish(batch);
    }

    /** {@code XENMEM_decrease_reservation}, order 0: how many pages of the list were given back; or a negative error. */
    public long memDecrease(long list, long frames) {
        HypercallBatch batch = borrow();
        batch.mem().decreaseReservation(list, frames, 0);
        return finish(batch);
    }

    /** {@code XENMEM_current_reservation}: pages that the domain has, or a negative error. */
    public long memCurrent() {
        HypercallBatch batch = borrow();
        batch.mem().currentReservation();
        return finish(batch);
    }

    /** {@code XENMEM_maximum_reservation}: pages that the domain may have, or a negative error. */
    public long memMaximum() {
        HypercallBatch batch = borrow();
        batch.mem().maximumReservation();
        return finish(batch);
    }

    /** {@code CONSOLEIO_write} of text in guest memory: 0 or a negative error. */
    public long consoleWrite(long text, int bytes) {
        HypercallBatch batch = borrow();
        batch.domain().consoleWrite(text, bytes);
        return finish(batch);
    }
}
