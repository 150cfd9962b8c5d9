// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.toolstack;

import io.splitvisor.dom0.config.DiskConfig;
import io.splitvisor.dom0.config.DomainConfig;
import io.splitvisor.dom0.toolstack.ToolstackException.Kind;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Consumer;

/**
 * What one can do with the domains of a Dom0. Every call may be made from any thread and may block; callers with an event
 * loop use a virtual thread. Whatever fails throws {@link ToolstackException}: NO_SUCH_DOMAIN for a domid that nobody has,
 * BAD_STATE where the domain's state forbids it, SHUTTING_DOWN when Dom0 is closing; others are named where they occur.
 */
public interface Toolstack {
    /** The domain that all this runs in. */
    int DOM0 = 0;

    /**
     * Creates a domain. It has its console, its disks and its place in {@link #list} when this returns; its guest may not
     * run yet.
     *
     * @return its domid
     * @throws ToolstackException EXISTS for a name or UUID that is taken, TARGET for a kernel or disk that cannot be opened,
     *     NO_SPACE
     */
    int create(DomainConfig config, CreateOptions options);

    /** All domains by domid, Domain-0 first. */
    List<DomainInfo> list();

    /** A domain as it is now. */
    default DomainInfo info(int domid) {
        return list().stream()
                .filter(domain -> domain.domid() == domid)
                .findFirst()
                .orElseThrow(() -> noSuchDomain(domid));
    }

    /**
     * The domid that a word from the user stands for: digits are taken as they are, whether or not such a domain exists, as
     * xl does; anything else is a name.
     *
     * @throws ToolstackException INVALID_DOMAIN for a name that nobody has
     */
    default int resolve(String domain) {
        if (!domain.isEmpty() && domain.length() < 10 && domain.chars().allMatch(c -> c >= '0' && c <= '9')) {
            return Integer.parseInt(domain);
        }
        return list().stream()
                .filter(info -> info.name().equals(domain))
                .mapToInt(DomainInfo::domid)
                .findFirst()
                .orElseThrow(() -> new ToolstackException(
                        Kind.INVALID_DOMAIN, domain + " is an invalid domain identifier (rc=-6)"));
    }

    /** Stops the domain's virtual processors. Pausing a paused domain changes nothing. */
    void pause(int domid);

    /** Lets a paused domain run. */
    void unpause(int domid);

    /**
     * Asks the guest to shut down, through {@code control/shutdown}, and returns at once. Whether the guest has taken note is
     * {@link Condition#ACKNOWLEDGED}.
     *
     * @param reason {@link ShutdownReason#POWEROFF}, {@link ShutdownReason#REBOOT} or {@link ShutdownReason#SUSPEND}
     * @throws ToolstackException BAD_STATE if the guest has said that it does not do that
     */
    void shutdown(int domid, ShutdownReason reason);

    /**
     * Lets a domain run again that has suspended itself. Its {@code SCHEDOP_shutdown} returns 1, as after xl's {@code resume}:
     * rings, grants and event channels are what they were.
     *
     * @param anew the call returns 0 instead, as in a domain that was restored: its devices connect anew, with fresh rings,
     *     grants and ports. What the guest has bound besides stays bound
     * @throws ToolstackException BAD_STATE if it is not suspended
     */
    void resume(int domid, boolean anew);

    /** As above, as it was. */
    default void resume(int domid) {
        resume(domid, false);
    }

    /**
     * Ends the domain without asking it. Returns when it is gone and all that it held is free. Domain-0 ends otherwise: its
     * {@link Dom0Launcher.Dom0} is closed.
     */
    void destroy(int domid);

    /**
     * Sets how much memory the domain is to have: it may not have more from now on, and its guest is asked to give back what
     * is too much, or to take what it may have now. Returns at once; {@link #list} shows how far the guest is.
     *
     * @param kib KiB, from 1
     * @throws ToolstackException INVALID if it is more than its maximum, or less than a page
     */
    void setMemory(int domid, long kib);

    /**
     * Sets the most memory that {@link #setMemory} may give the domain.
     *
     * @param kib KiB
     * @throws ToolstackException INVALID if it is less than what the domain is to have now, or more than the {@code maxmem}
     *     that it was created with
     */
    void setMaxMemory(int domid, long kib);

    /**
     * Gives the domain another name.
     *
     * @throws ToolstackException EXISTS if it is taken, INVALID if it is no name
     */
    void rename(int domid, String name);

    /**
     * Adds a disk, also to a running domain.
     *
     * @return its number
     * @throws ToolstackException EXISTS if the domain has the device, TARGET if the target cannot be opened
     */
    int blockAttach(int domid, DiskConfig disk);

    /**
     * Takes a disk away.
     *
     * @param devid its number
     * @param force whether to take it even if the guest does not let go
     * @throws ToolstackException NO_SUCH_DEVICE, or TIMEOUT if the guest does not let go
     */
    void blockDetach(int domid, int devid, boolean force);

    /** The domain's disks by number. */
    List<BlockInfo> blockList(int domid);

    /** Drivers, and the devices that they make. */
    Devices devices();

    /** The domain's virtual processors by number; none for Domain-0, whose are the host's. */
    List<VcpuInfo> vcpuList(int domid);

    /**
     * Asks the guest, through {@code cpu/N/availability}, to use so many virtual processors.
     *
     * @throws ToolstackException INVALID for less than 1, or more than {@code maxvcpus}
     */
    void vcpuSet(int domid, int count);

    /**
     * What the domain has asked the monitor for.
     *
     * @throws ToolstackException BAD_STATE for Domain-0, which makes no hypercalls
     */
    HypercallInfo hypercalls(int domid);

    /**
     * How the domain's memory is virtualized, and what that costs.
     *
     * @throws ToolstackException BAD_STATE for Domain-0
     */
    PagingInfo paging(int domid);

    /**
     * How an address of a vCPU is translated now.
     *
     * @throws ToolstackException INVALID for a vCPU that there is not
     */
    PageWalk pageWalk(int domid, int vcpu, long linear);

    /**
     * Starts to trace hypercalls and events into a file, which is made or emptied.
     *
     * @param file absolute
     * @param domids what to trace; empty for all domains, those to come too
     * @throws ToolstackException BAD_STATE if a trace is under way, TARGET if the file cannot be made
     */
    TraceInfo startTrace(Path file, List<Integer> domids);

    /**
     * The trace that is under way.
     *
     * @throws ToolstackException BAD_STATE if there is none
     */
    TraceInfo trace();

    /**
     * Ends the trace that is under way; its file is complete when this returns.
     *
     * @throws ToolstackException BAD_STATE if there is none
     */
    TraceInfo stopTrace();

    /** What a domain gets of the host's processors. */
    SchedCredit schedCredit(int domid);

    /**
     * Changes what a domain gets of the host's processors; what is absent stays as it is.
     *
     * @return how it is then, and whether it has any effect
     */
    SchedCredit schedCredit(int domid, OptionalInt weight, OptionalInt cap);

    /**
     * Attaches to one of the domain's consoles.
     *
     * @param number 0 is the first; others are those of its {@code channel} key
     * @throws ToolstackException NO_SUCH_DEVICE if the domain has none of this number, or one that is a socket
     */
    ConsoleStream console(int domid, int number);

    /** Attaches to the domain's first console. */
    default ConsoleStream console(int domid) {
        return console(domid, 0);
    }

    /** The host and Dom0. */
    HostInfo host();

    /**
     * The monitor's log, line by line.
     *
     * @param clear whether to empty it
     */
    List<String> dmesg(boolean clear);

    /**
     * Waits until a domain is in some state.
     *
     * @return how it was then, or last, if it is gone
     * @throws ToolstackException TIMEOUT
     */
    DomainInfo waitFor(int domid, Condition condition, Duration timeout);

    /**
     * Hears of everything that happens from now on. The listener is called on one thread, in order, and must not block for
     * long, and calls nothing back but {@link #console} of a domain that was just created.
     *
     * @return closes the subscription
     */
    Subscription subscribe(Consumer<DomainEvent> listener);

    /** What {@link #subscribe} gives. */
    interface Subscription extends AutoCloseable {
        /** Ends it: when this returns, no further call starts. */
        @Override
        void close();
    }

    /** The exception for a domid that nobody has. */
    static ToolstackException noSuchDomain(int domid) {
        return new ToolstackException(Kind.NO_SUCH_DOMAIN, "Error: Domain '" + domid + "' does not exist.");
    }
}
