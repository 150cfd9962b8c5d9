// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.hypercall;

import static io.splitvisor.hypercall.HypercallArgument.none;

import io.splitvisor.abi.ConsoleIo;
import io.splitvisor.abi.Domctl;
import io.splitvisor.abi.HvmOp;
import io.splitvisor.abi.Hypercall;
import io.splitvisor.abi.MemoryOp;
import io.splitvisor.abi.SchedOp;
import io.splitvisor.abi.Sysctl;
import io.splitvisor.abi.VcpuOp;
import io.splitvisor.abi.VmAssist;
import io.splitvisor.abi.XenVersion;
import io.splitvisor.abi.evtchn.EventChannelOp;
import io.splitvisor.abi.grant.GrantTableOp;
import io.splitvisor.abi.paging.PagingTrap;
import java.util.Locale;

/**
 * Every operation that a guest can ask the monitor for: the one table behind the dispatcher, the client and the
 * documentation. Numbers, commands and structures are Xen's.
 */
public enum HypercallOp {
    // xen_version(cmd, arg)
    XENVER_VERSION(Hypercall.XEN_VERSION, XenVersion.VERSION, none(), "major version << 16 | minor"),
    XENVER_EXTRAVERSION(
            Hypercall.XEN_VERSION, XenVersion.EXTRAVERSION, Structures.XEN_EXTRAVERSION, "the rest of the version"),
    XENVER_COMPILE_INFO(
            Hypercall.XEN_VERSION, XenVersion.COMPILE_INFO, Structures.XEN_COMPILE_INFO, "how the monitor was built"),
    XENVER_CAPABILITIES(
            Hypercall.XEN_VERSION,
            XenVersion.CAPABILITIES,
            Structures.XEN_CAPABILITIES_INFO,
            "which guest ABIs there are"),
    XENVER_CHANGESET(
            Hypercall.XEN_VERSION,
            XenVersion.CHANGESET,
            Structures.XEN_CHANGESET_INFO,
            "the source that the monitor was built from"),
    XENVER_PLATFORM_PARAMETERS(
            Hypercall.XEN_VERSION,
            XenVersion.PLATFORM_PARAMETERS,
            Structures.XEN_PLATFORM_PARAMETERS,
            "where Xen's own addresses start"),
    XENVER_GET_FEATURES(
            Hypercall.XEN_VERSION, XenVersion.GET_FEATURES, Structures.XEN_FEATURE_INFO, "a word of the feature map"),
    XENVER_PAGESIZE(Hypercall.XEN_VERSION, XenVersion.PAGESIZE, none(), "bytes of a page"),
    XENVER_GUEST_HANDLE(
            Hypercall.XEN_VERSION, XenVersion.GUEST_HANDLE, Structures.XEN_DOMAIN_HANDLE, "the domain's UUID"),
    XENVER_COMMANDLINE(
            Hypercall.XEN_VERSION,
            XenVersion.COMMANDLINE,
            Structures.XEN_COMMANDLINE,
            "the monitor's command line; guests get \"<denied>\""),
    XENVER_BUILD_ID(Hypercall.XEN_VERSION, XenVersion.BUILD_ID, none(), "the build's identity; guests get -EPERM"),

    // memory_op(cmd, arg): the command's upper bits tell how far a list is done
    XENMEM_INCREASE_RESERVATION(
            Hypercall.MEMORY_OP,
            MemoryOp.INCREASE_RESERVATION,
            Structures.XEN_MEMORY_RESERVATION,
            "takes pages without a frame; the result is the number of extents done"),
    XENMEM_DECREASE_RESERVATION(
            Hypercall.MEMORY_OP,
            MemoryOp.DECREASE_RESERVATION,
            Structures.XEN_MEMORY_RESERVATION,
            "gives pages back; the result is the number of extents done"),
    XENMEM_MAXIMUM_RAM_PAGE(Hypercall.MEMORY_OP, MemoryOp.MAXIMUM_RAM_PAGE, none(), "pages of the machine"),
    XENMEM_CURRENT_RESERVATION(
            Hypercall.MEMORY_OP, MemoryOp.CURRENT_RESERVATION, Structures.XEN_MEMORY_DOMAIN, "pages that a domain has"),
    XENMEM_MAXIMUM_RESERVATION(
            Hypercall.MEMORY_OP,
            MemoryOp.MAXIMUM_RESERVATION,
            Structures.XEN_MEMORY_DOMAIN,
            "pages that a domain may have"),
    XENMEM_POPULATE_PHYSMAP(
            Hypercall.MEMORY_OP,
            MemoryOp.POPULATE_PHYSMAP,
            Structures.XEN_MEMORY_RESERVATION,
            "fills holes with pages; the result is the number of extents done"),
    XENMEM_ADD_TO_PHYSMAP(
            Hypercall.MEMORY_OP,
            MemoryOp.ADD_TO_PHYSMAP,
            Structures.XEN_ADD_TO_PHYSMAP,
            "puts a special page, or another page of the domain, at a frame"),
    XENMEM_MEMORY_MAP(
            Hypercall.MEMORY_OP, MemoryOp.MEMORY_MAP, Structures.XEN_MEMORY_MAP, "what lies where: an e820 table"),
    XENMEM_EXCHANGE(
            Hypercall.MEMORY_OP,
            MemoryOp.EXCHANGE,
            Structures.XEN_MEMORY_EXCHANGE,
            "gives pages back for others, which are zero"),
    XENMEM_MAXIMUM_GPFN(
            Hypercall.MEMORY_OP, MemoryOp.MAXIMUM_GPFN, Structures.XEN_MEMORY_DOMAIN, "the highest frame of a domain"),
    XENMEM_REMOVE_FROM_PHYSMAP(
            Hypercall.MEMORY_OP,
            MemoryOp.REMOVE_FROM_PHYSMAP,
            Structures.XEN_REMOVE_FROM_PHYSMAP,
            "takes a page from its frame; the domain keeps it"),
    XENMEM_ADD_TO_PHYSMAP_BATCH(
            Hypercall.MEMORY_OP,
            MemoryOp.ADD_TO_PHYSMAP_BATCH,
            Structures.XEN_ADD_TO_PHYSMAP_BATCH,
            "the same for many pages"),
    XENMEM_CLAIM_PAGES(
            Hypercall.MEMORY_OP,
            MemoryOp.CLAIM_PAGES,
            Structures.XEN_MEMORY_RESERVATION,
            "stakes a claim; guests get -EPERM"),
    XENMEM_ACQUIRE_RESOURCE(
            Hypercall.MEMORY_OP,
            MemoryOp.ACQUIRE_RESOURCE,
            Structures.XEN_MEM_ACQUIRE_RESOURCE,
            "maps a resource of another domain; guests get -EPERM"),

    // multicall(call_list, nr_calls)
    MULTICALL(
            Hypercall.MULTICALL,
            "multicall",
            "the calls in a list of multicall_entry in guest memory, one after the other"),

    // console_io(cmd, count, buffer)
    CONSOLEIO_WRITE(Hypercall.CONSOLE_IO, ConsoleIo.WRITE, none(), "text for the monitor's log, in guest memory"),
    CONSOLEIO_READ(Hypercall.CONSOLE_IO, ConsoleIo.READ, none(), "what was typed; guests get -EPERM"),

    // hvm_op(op, arg)
    HVMOP_SET_PARAM(Hypercall.HVM_OP, HvmOp.SET_PARAM, Structures.XEN_HVM_PARAM, "sets a parameter of a domain"),
    HVMOP_GET_PARAM(Hypercall.HVM_OP, HvmOp.GET_PARAM, Structures.XEN_HVM_PARAM_INOUT, "a parameter of a domain"),
    HVMOP_FLUSH_TLBS(Hypercall.HVM_OP, HvmOp.FLUSH_TLBS, none(), "has all vCPUs flush their TLBs"),

    // sysctl(op)
    SYSCTL_READCONSOLE(Hypercall.SYSCTL, Sysctl.READCONSOLE, Structures.XEN_SYSCTL, "the monitor's log"),
    SYSCTL_PHYSINFO(Hypercall.SYSCTL, Sysctl.PHYSINFO, Structures.XEN_SYSCTL, "the host"),
    SYSCTL_GETDOMAININFOLIST(
            Hypercall.SYSCTL, Sysctl.GETDOMAININFOLIST, Structures.XEN_SYSCTL, "all domains from a number on"),
    SYSCTL_AVAILHEAP(Hypercall.SYSCTL, Sysctl.AVAILHEAP, Structures.XEN_SYSCTL, "free memory of the host"),

    // domctl(op)
    DOMCTL_DESTROYDOMAIN(Hypercall.DOMCTL, Domctl.DESTROYDOMAIN, Structures.XEN_DOMCTL, "takes a domain away"),
    DOMCTL_PAUSEDOMAIN(Hypercall.DOMCTL, Domctl.PAUSEDOMAIN, Structures.XEN_DOMCTL, "lets a domain stand still"),
    DOMCTL_UNPAUSEDOMAIN(Hypercall.DOMCTL, Domctl.UNPAUSEDOMAIN, Structures.XEN_DOMCTL, "lets a domain go on"),
    DOMCTL_GETDOMAININFO(
            Hypercall.DOMCTL,
            Domctl.GETDOMAININFO,
            Structures.XEN_DOMCTL,
            "a domain, or the next one after its number"),
    DOMCTL_MAX_MEM(Hypercall.DOMCTL, Domctl.MAX_MEM, Structures.XEN_DOMCTL, "the most memory of a domain"),
    DOMCTL_GETVCPUINFO(Hypercall.DOMCTL, Domctl.GETVCPUINFO, Structures.XEN_DOMCTL, "what a vCPU does"),
    DOMCTL_MAX_VCPUS(Hypercall.DOMCTL, Domctl.MAX_VCPUS, Structures.XEN_DOMCTL, "makes the vCPUs of a domain"),
    DOMCTL_SETDOMAINHANDLE(Hypercall.DOMCTL, Domctl.SETDOMAINHANDLE, Structures.XEN_DOMCTL, "sets a domain's UUID"),
    DOMCTL_SHADOW_OP(
            Hypercall.DOMCTL,
            Domctl.SHADOW_OP,
            Structures.XEN_DOMCTL,
            "memory for page tables, and the log of frames that change"),

    // dm_op(domid, nr_bufs, bufs)
    DM_OP(Hypercall.DM_OP, "dm_op", "what a device model asks; there is none, guests get -EPERM"),

    // grant_table_op(cmd, uop, count)
    GNTTABOP_MAP_GRANT_REF(
            Hypercall.GRANT_TABLE_OP,
            GrantTableOp.MAP_GRANT_REF,
            Structures.GNTTAB_MAP_GRANT_REF,
            "maps granted pages"),
    GNTTABOP_UNMAP_GRANT_REF(
            Hypercall.GRANT_TABLE_OP,
            GrantTableOp.UNMAP_GRANT_REF,
            Structures.GNTTAB_UNMAP_GRANT_REF,
            "undoes mappings"),
    GNTTABOP_SETUP_TABLE(
            Hypercall.GRANT_TABLE_OP,
            GrantTableOp.SETUP_TABLE,
            Structures.GNTTAB_SETUP_TABLE,
            "grows a grant table, and tells where its frames lie"),
    GNTTABOP_TRANSFER(
            Hypercall.GRANT_TABLE_OP,
            GrantTableOp.TRANSFER,
            Structures.GNTTAB_TRANSFER,
            "would give pages away; refused"),
    GNTTABOP_COPY(
            Hypercall.GRANT_TABLE_OP,
            GrantTableOp.COPY,
            Structures.GNTTAB_COPY,
            "copies bytes between own and granted pages"),
    GNTTABOP_QUERY_SIZE(
            Hypercall.GRANT_TABLE_OP,
            GrantTableOp.QUERY_SIZE,
            Structures.GNTTAB_QUERY_SIZE,
            "frames that a grant table has, and can have"),
    GNTTABOP_UNMAP_AND_REPLACE(
            Hypercall.GRANT_TABLE_OP,
            GrantTableOp.UNMAP_AND_REPLACE,
            Structures.GNTTAB_UNMAP_AND_REPLACE,
            "undoes mappings, with other pages in their place"),
    GNTTABOP_SET_VERSION(
            Hypercall.GRANT_TABLE_OP,
            GrantTableOp.SET_VERSION,
            Structures.GNTTAB_SET_VERSION,
            "chooses the version of the grant table"),
    GNTTABOP_GET_STATUS_FRAMES(
            Hypercall.GRANT_TABLE_OP,
            GrantTableOp.GET_STATUS_FRAMES,
            Structures.GNTTAB_GET_STATUS_FRAMES,
            "where the status frames of a grant table lie"),
    GNTTABOP_GET_VERSION(
            Hypercall.GRANT_TABLE_OP,
            GrantTableOp.GET_VERSION,
            Structures.GNTTAB_GET_VERSION,
            "version of a grant table"),
    GNTTABOP_SWAP_GRANT_REF(
            Hypercall.GRANT_TABLE_OP,
            GrantTableOp.SWAP_GRANT_REF,
            Structures.GNTTAB_SWAP_GRANT_REF,
            "swaps the contents of entries"),
    GNTTABOP_CACHE_FLUSH(
            Hypercall.GRANT_TABLE_OP,
            GrantTableOp.CACHE_FLUSH,
            Structures.GNTTAB_CACHE_FLUSH,
            "writes cached bytes of pages back"),

    // set_timer_op(timeout)
    SET_TIMER(
            Hypercall.SET_TIMER_OP,
            "set_timer_op",
            "this vCPU's single-shot timer: the system time at which VIRQ_TIMER comes, or 0 for never"),

    // vm_assist(cmd, type)
    VMASST_CMD_ENABLE(Hypercall.VM_ASSIST, VmAssist.CMD_ENABLE, none(), "switches a service on for the domain"),
    VMASST_CMD_DISABLE(Hypercall.VM_ASSIST, VmAssist.CMD_DISABLE, none(), "switches a service off"),

    // vcpu_op(cmd, vcpuid, arg)
    VCPUOP_INITIALISE(Hypercall.VCPU_OP, VcpuOp.INITIALISE, none(), "makes a vCPU ready to be brought up"),
    VCPUOP_UP(Hypercall.VCPU_OP, VcpuOp.UP, none(), "brings a vCPU up"),
    VCPUOP_DOWN(Hypercall.VCPU_OP, VcpuOp.DOWN, none(), "takes a vCPU down, the last one with the domain"),
    VCPUOP_IS_UP(Hypercall.VCPU_OP, VcpuOp.IS_UP, none(), "1 if a vCPU is up, else 0"),
    VCPUOP_GET_RUNSTATE_INFO(
            Hypercall.VCPU_OP,
            VcpuOp.GET_RUNSTATE_INFO,
            Structures.VCPU_RUNSTATE_INFO.inWord(2),
            "what a vCPU does, and did with its time"),
    VCPUOP_REGISTER_RUNSTATE_MEMORY_AREA(
            Hypercall.VCPU_OP,
            VcpuOp.REGISTER_RUNSTATE_MEMORY_AREA,
            Structures.VCPU_REGISTER_RUNSTATE_MEMORY_AREA.inWord(2),
            "where a copy of a vCPU's runstate is kept"),
    VCPUOP_SET_PERIODIC_TIMER(
            Hypercall.VCPU_OP,
            VcpuOp.SET_PERIODIC_TIMER,
            Structures.VCPU_SET_PERIODIC_TIMER.inWord(2),
            "VIRQ_TIMER for a vCPU, again and again"),
    VCPUOP_STOP_PERIODIC_TIMER(Hypercall.VCPU_OP, VcpuOp.STOP_PERIODIC_TIMER, none(), "no more of that"),
    VCPUOP_SET_SINGLESHOT_TIMER(
            Hypercall.VCPU_OP,
            VcpuOp.SET_SINGLESHOT_TIMER,
            Structures.VCPU_SET_SINGLESHOT_TIMER.inWord(2),
            "as set_timer_op; -ETIME for a time that has passed, if so flagged"),
    VCPUOP_STOP_SINGLESHOT_TIMER(Hypercall.VCPU_OP, VcpuOp.STOP_SINGLESHOT_TIMER, none(), "stops it"),
    VCPUOP_REGISTER_VCPU_INFO(
            Hypercall.VCPU_OP,
            VcpuOp.REGISTER_VCPU_INFO,
            Structures.VCPU_REGISTER_VCPU_INFO.inWord(2),
            "moves a vCPU's vcpu_info, once"),
    VCPUOP_SEND_NMI(Hypercall.VCPU_OP, VcpuOp.SEND_NMI, none(), "an NMI for a vCPU"),
    VCPUOP_GET_PHYSID(Hypercall.VCPU_OP, VcpuOp.GET_PHYSID, none(), "the processor of a pinned vCPU; there is none"),
    VCPUOP_REGISTER_VCPU_TIME_MEMORY_AREA(
            Hypercall.VCPU_OP,
            VcpuOp.REGISTER_VCPU_TIME_MEMORY_AREA,
            Structures.VCPU_REGISTER_TIME_MEMORY_AREA.inWord(2),
            "where a copy of a vCPU's clock is kept"),

    // sched_op(cmd, arg)
    SCHEDOP_YIELD(Hypercall.SCHED_OP, SchedOp.YIELD, none(), "offers the processor to others"),
    SCHEDOP_BLOCK(Hypercall.SCHED_OP, SchedOp.BLOCK, none(), "waits for an event"),
    SCHEDOP_SHUTDOWN(Hypercall.SCHED_OP, SchedOp.SHUTDOWN, Structures.SCHED_SHUTDOWN, "ends the domain, with a reason"),
    SCHEDOP_POLL(Hypercall.SCHED_OP, SchedOp.POLL, Structures.SCHED_POLL, "waits for one of some ports, or a time"),
    SCHEDOP_REMOTE_SHUTDOWN(
            Hypercall.SCHED_OP,
            SchedOp.REMOTE_SHUTDOWN,
            Structures.SCHED_REMOTE_SHUTDOWN,
            "ends another domain; for privileged domains"),
    SCHEDOP_SHUTDOWN_CODE(
            Hypercall.SCHED_OP,
            SchedOp.SHUTDOWN_CODE,
            Structures.SCHED_SHUTDOWN,
            "latches the reason for a shutdown to come"),
    SCHEDOP_WATCHDOG(
            Hypercall.SCHED_OP,
            SchedOp.WATCHDOG,
            Structures.SCHED_WATCHDOG,
            "ends the domain unless asked again in time"),

    // event_channel_op(cmd, arg)
    EVTCHNOP_BIND_INTERDOMAIN(
            Hypercall.EVENT_CHANNEL_OP,
            EventChannelOp.BIND_INTERDOMAIN,
            Structures.EVTCHN_BIND_INTERDOMAIN,
            "a new port, connected with one that a domain offers"),
    EVTCHNOP_CLOSE(Hypercall.EVENT_CHANNEL_OP, EventChannelOp.CLOSE, Structures.EVTCHN_CLOSE, "closes a port"),
    EVTCHNOP_SEND(
            Hypercall.EVENT_CHANNEL_OP,
            EventChannelOp.SEND,
            Structures.EVTCHN_SEND,
            "sets the other end of a port pending"),
    EVTCHNOP_STATUS(Hypercall.EVENT_CHANNEL_OP, EventChannelOp.STATUS, Structures.EVTCHN_STATUS, "what a port is"),
    EVTCHNOP_ALLOC_UNBOUND(
            Hypercall.EVENT_CHANNEL_OP,
            EventChannelOp.ALLOC_UNBOUND,
            Structures.EVTCHN_ALLOC_UNBOUND,
            "a new port that a domain may bind to"),
    EVTCHNOP_UNMASK(
            Hypercall.EVENT_CHANNEL_OP,
            EventChannelOp.UNMASK,
            Structures.EVTCHN_UNMASK,
            "unmasks a port, and delivers what is pending on it"),
    EVTCHNOP_BIND_VIRQ(
            Hypercall.EVENT_CHANNEL_OP,
            EventChannelOp.BIND_VIRQ,
            Structures.EVTCHN_BIND_VIRQ,
            "a new port for a virtual interrupt"),
    EVTCHNOP_BIND_PIRQ(
            Hypercall.EVENT_CHANNEL_OP,
            EventChannelOp.BIND_PIRQ,
            Structures.EVTCHN_BIND_PIRQ,
            "a new port for a physical interrupt: there are none"),
    EVTCHNOP_BIND_IPI(
            Hypercall.EVENT_CHANNEL_OP,
            EventChannelOp.BIND_IPI,
            Structures.EVTCHN_BIND_IPI,
            "a new port by which vCPUs notify one of them"),
    EVTCHNOP_BIND_VCPU(
            Hypercall.EVENT_CHANNEL_OP,
            EventChannelOp.BIND_VCPU,
            Structures.EVTCHN_BIND_VCPU,
            "which vCPU takes the events of a port"),
    EVTCHNOP_RESET(
            Hypercall.EVENT_CHANNEL_OP,
            EventChannelOp.RESET,
            Structures.EVTCHN_RESET,
            "closes all ports, and goes back to the two-level ABI"),
    EVTCHNOP_INIT_CONTROL(
            Hypercall.EVENT_CHANNEL_OP,
            EventChannelOp.INIT_CONTROL,
            Structures.EVTCHN_INIT_CONTROL,
            "tells where the control block of a vCPU lies: the FIFO ABI from now on"),
    EVTCHNOP_EXPAND_ARRAY(
            Hypercall.EVENT_CHANNEL_OP,
            EventChannelOp.EXPAND_ARRAY,
            Structures.EVTCHN_EXPAND_ARRAY,
            "adds a page of event words"),
    EVTCHNOP_SET_PRIORITY(
            Hypercall.EVENT_CHANNEL_OP,
            EventChannelOp.SET_PRIORITY,
            Structures.EVTCHN_SET_PRIORITY,
            "which of 16 queues the events of a port go through"),

    // mmu_update(ureqs, count, pdone, foreigndom) and its kin: page tables that the guest registers
    MMU_UPDATE(
            Hypercall.MMU_UPDATE,
            "mmu_update",
            "writes entries of registered page tables, as an array of mmu_update says"),
    UPDATE_VA_MAPPING(
            Hypercall.UPDATE_VA_MAPPING, "update_va_mapping", "writes the entry of level 1 for a linear address"),
    UPDATE_VA_MAPPING_OTHERDOMAIN(
            Hypercall.UPDATE_VA_MAPPING_OTHERDOMAIN,
            "update_va_mapping_otherdomain",
            "the same with a page of another domain"),
    SET_GDT(Hypercall.SET_GDT, "set_gdt", "loads a GDT of pages, which become ones of descriptors"),
    UPDATE_DESCRIPTOR(Hypercall.UPDATE_DESCRIPTOR, "update_descriptor", "writes a descriptor, if it may stand there"),
    MMUEXT_OP(
            Hypercall.MMUEXT_OP,
            "mmuext_op",
            "registers tables, loads roots, flushes TLBs, clears and copies pages, as an array of mmuext_op says"),

    // paging_trap_op(cmd, ...): Splitvisor's own, not Xen's
    PAGING_FAULT(PagingTrap.FAULT, "a translation that the shadow lacks"),
    PAGING_WRITE(PagingTrap.WRITE, "a store to a table that is shadowed"),
    PAGING_COMPARE_AND_SET(PagingTrap.COMPARE_AND_SET, "a compare-and-set there"),
    PAGING_INVLPG(PagingTrap.INVLPG, "a translation that the guest invalidates"),
    PAGING_LOAD_CR3(PagingTrap.LOAD_CR3, "another root"),
    PAGING_CONTROL(PagingTrap.CONTROL, "CR0, CR4 and EFER, or a flush of everything"),
    PAGING_EPT_VIOLATION(PagingTrap.EPT_VIOLATION, "an extended translation that is missing or forbids"),
    PAGING_EPT_MISCONFIGURATION(PagingTrap.EPT_MISCONFIGURATION, "an extended entry that makes no sense"),
    PAGING_DESCRIPTOR(PagingTrap.DESCRIPTOR, "a segment register that is loaded");

    /** {@link #command} of a hypercall that has none. */
    public static final int NO_COMMAND = -1;

    private final int number;
    private final int command;
    private final String xenName;
    private final HypercallArgument argument;
    private final String summary;

    HypercallOp(int number, int command, String xenName, HypercallArgument argument, String summary) {
        this.number = number;
        this.command = command;
        this.xenName = xenName;
        this.argument = argument;
        this.summary = summary;
    }

    /** One of a hypercall's commands. Its constant's name is Xen's, but for the case. */
    HypercallOp(int number, int command, HypercallArgument argument, String summary) {
        this.number = number;
        this.command = command;
        this.xenName = inXensCase(name());
        this.argument = argument;
        this.summary = summary;
    }

    /** A hypercall without commands whose words say everything. */
    HypercallOp(int number, String xenName, String summary) {
        this(number, -1, xenName, none(), summary);
    }

    /** A trap of an MMU. */
    HypercallOp(int trap, String what) {
        this.number = Hypercall.ARCH_7;
        this.command = trap;
        this.xenName = name();
        this.argument = none();
        this.summary = "Splitvisor's own trap: " + what;
    }

    /** A prefix in capitals, the rest in small letters. */
    private static String inXensCase(String name) {
        int prefix = name.startsWith("VMASST_CMD_") ? "VMASST_CMD_".length() : name.indexOf('_') + 1;
        boolean toolstack = name.startsWith("DOMCTL_") || name.startsWith("SYSCTL_");
        return (toolstack ? "XEN_" : "")
                + name.substring(0, prefix)
                + name.substring(prefix).toLowerCase(Locale.ROOT);
    }

    /** The hypercall's number, a constant of {@link Hypercall}. */
    public int number() {
        return number;
    }

    /** The sub-operation, the call's first word; {@link #NO_COMMAND} where a hypercall has none. */
    public int command() {
        return command;
    }

    /** Xen's name for the operation. */
    public String xenName() {
        return xenName;
    }

    /** What its pointer points to. */
    public HypercallArgument argument() {
        return argument;
    }

    /** What it does, in half a line. */
    public String summary() {
        return summary;
    }

    /** Whether only a privileged domain may call it: others get -EPERM, whatever the arguments. */
    public boolean privileged() {
        return number == Hypercall.DOMCTL || number == Hypercall.SYSCTL || number == Hypercall.PLATFORM_OP;
    }

    /** Whether the command's upper bits tell how many extents are done already (memory_op). */
    public boolean extentsInCommand() {
        return number == Hypercall.MEMORY_OP;
    }

    /** Whether the result counts extents done, so that there are no errors: what fails counts none (rows H2, H8). */
    public boolean countsExtents() {
        return this == XENMEM_INCREASE_RESERVATION
                || this == XENMEM_DECREASE_RESERVATION
                || this == XENMEM_POPULATE_PHYSMAP;
    }

    /** Whether the command stands in the structure's first four bytes, and not in a word (domctl, sysctl). */
    public boolean commandInStructure() {
        return number == Hypercall.DOMCTL || number == Hypercall.SYSCTL;
    }
}
