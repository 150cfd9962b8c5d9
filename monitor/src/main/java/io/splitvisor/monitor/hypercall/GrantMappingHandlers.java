// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import io.splitvisor.abi.grant.GnttabCopy;
import io.splitvisor.abi.grant.GnttabMapGrantRef;
import io.splitvisor.abi.grant.GnttabUnmapAndReplace;
import io.splitvisor.abi.grant.GnttabUnmapGrantRef;
import io.splitvisor.abi.grant.GrantMapFlags;
import io.splitvisor.abi.grant.GrantStatus;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.hypercall.HypercallOp;
import io.splitvisor.monitor.Domain;
import io.splitvisor.monitor.Monitor;
import io.splitvisor.monitor.grant.GrantCopy;
import io.splitvisor.monitor.grant.GrantTable;
import io.splitvisor.monitor.grant.GrantTables;
import io.splitvisor.monitor.grant.Maptrack;
import java.lang.foreign.MemorySegment;

/**
 * {@code grant_table_op(cmd, uop, count)}: how a domain uses what others grant. Elements one by one, each with its status.
 *
 * <p>A guest's process has its own memory mapped and no other, and nothing that the monitor does can add to it. So a
 * privileged domain, to which all memory is known, maps anybody's pages; a guest maps its own, where they are, and copies
 * others'.
 */
final class GrantMappingHandlers {
    /** What speaks of page tables, which no guest has registered. */
    private static final int PAGE_TABLES = GrantMapFlags.APPLICATION_MAP | GrantMapFlags.CONTAINS_PTE;

    private static final int KINDS = GrantMapFlags.HOST_MAP | GrantMapFlags.DEVICE_MAP;

    /** A copy costs so many simple calls more than others: two pages are pinned, and their bytes hardly count. */
    private static final int COPY_COST = 1;

    /** A copy that met a grant that was just changing is tried so often before others get their turn. */
    private static final int TRIES = 4;

    private final Monitor monitor;
    private final GrantTables tables;
    private final ThreadLocal<GrantCopy> copies = ThreadLocal.withInitial(GrantCopy::new);

    GrantMappingHandlers(Monitor monitor) {
        this.monitor = monitor;
        this.tables = domid -> {
            Domain domain = monitor.find(domid);
            return domain == null ? null : domain.grants();
        };
    }

    void bind(HypercallTable table) {
        table.bind(HypercallOp.GNTTABOP_MAP_GRANT_REF, this::map);
        table.bind(HypercallOp.GNTTABOP_UNMAP_GRANT_REF, GrantMappingHandlers::unmap);
        table.bind(HypercallOp.GNTTABOP_UNMAP_AND_REPLACE, GrantMappingHandlers::unmapAndReplace);
        table.bind(HypercallOp.GNTTABOP_COPY, this::copy);
    }

    private long map(HypercallContext call) {
        MemorySegment argument = call.argument();
        int handle = map(call, argument);
        if (handle >= 0) {
            GnttabMapGrantRef.handle(argument, 0, handle);
            GnttabMapGrantRef.devBusAddr(
                    argument, 0, call.caller().grants().maptrack().offset(handle));
        }
        GnttabMapGrantRef.status(argument, 0, Math.min(handle, GrantStatus.OKAY));
        return 0;
    }

    private int map(HypercallContext call, MemorySegment argument) {
        int flags = GnttabMapGrantRef.flags(argument, 0);
        if ((flags & KINDS) == 0) {
            return GrantStatus.BAD_GNTREF;
        }
        if ((flags & PAGE_TABLES) != 0) {
            return GrantStatus.GENERAL_ERROR;
        }
        int dom = GnttabMapGrantRef.dom(argument, 0);
        if (!GrantTableHandlers.exists(monitor, dom)) {
            // DOMID_SELF too: Xen wants the number here.
            return GrantStatus.BAD_DOMAIN;
        }
        Domain caller = call.caller();
        boolean own = dom == caller.domid();
        if (!own && !caller.privileged()) {
            return GrantStatus.PERMISSION_DENIED;
        }
        GrantTable granter = own ? caller.grants() : tables.find(dom);
        if (granter == null) {
            return GrantStatus.BAD_DOMAIN;
        }
        int ref = GnttabMapGrantRef.ref(argument, 0);
        long host = GnttabMapGrantRef.hostAddr(argument, 0);
        Maptrack maptrack = caller.grants().maptrack();
        int handle = maptrack.map(granter, caller.domid(), ref, flags, host);
        if (handle >= 0 && (flags & GrantMapFlags.HOST_MAP) != 0 && !isPlace(caller, host, maptrack.offset(handle))) {
            maptrack.discard(handle);
            return GrantStatus.BAD_VIRT_ADDR;
        }
        return handle;
    }

    /** A privileged domain gives its mapping any page-aligned name; a guest's page is where it is and nowhere else. */
    private static boolean isPlace(Domain caller, long host, long offset) {
        if (host % DomainLayout.PAGE_SIZE != 0) {
            return false;
        }
        return caller.privileged() || caller.memory().machineOffset(host / DomainLayout.PAGE_SIZE) == offset;
    }

    private static long unmap(HypercallContext call) {
        MemorySegment argument = call.argument();
        int status = call.caller()
                .grants()
                .maptrack()
                .unmap(
                        GnttabUnmapGrantRef.handle(argument, 0),
                        GnttabUnmapGrantRef.hostAddr(argument, 0),
                        GnttabUnmapGrantRef.devBusAddr(argument, 0));
        GnttabUnmapGrantRef.status(argument, 0, status);
        return 0;
    }

    /** As in Xen where guests have no page tables: nothing can be put in the place of a mapping. */
    private static long unmapAndReplace(HypercallContext call) {
        MemorySegment argument = call.argument();
        Maptrack maptrack = call.caller().grants().maptrack();
        int handle = GnttabUnmapAndReplace.handle(argument, 0);
        long host = GnttabUnmapAndReplace.hostAddr(argument, 0);
        boolean plain = GnttabUnmapAndReplace.newAddr(argument, 0) == 0;
        int status = plain || !maptrack.isMappedForHost(handle, host)
                ? maptrack.unmap(handle, host, 0)
                : GrantStatus.GENERAL_ERROR;
        GnttabUnmapAndReplace.status(argument, 0, status);
        return 0;
    }

    private long copy(HypercallContext call) {
        MemorySegment argument = call.argument();
        Domain caller = call.caller();
        call.spend(COPY_COST);
        GrantCopy copy = copies.get();
        int status = GrantCopy.AGAIN;
        for (int i = 0; i < TRIES && status == GrantCopy.AGAIN; i++) {
            status = copy.copy(caller.domid(), caller.grants(), tables, argument);
        }
        if (status == GrantCopy.AGAIN) {
            return HypercallContext.PREEMPTED;
        }
        GnttabCopy.status(argument, 0, status);
        return 0;
    }
}
