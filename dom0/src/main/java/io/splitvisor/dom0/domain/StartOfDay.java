// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.domain;

import io.splitvisor.abi.HvmParam;
import io.splitvisor.abi.StartInfo;
import io.splitvisor.abi.grant.GrantTable;
import io.splitvisor.attach.AttachMessages.Welcome;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.dom0.config.DomainConfig;
import io.splitvisor.monitor.Domain;
import io.splitvisor.monitor.HvmParams;
import java.lang.foreign.MemorySegment;

/** Writes what a guest finds in its memory when it starts, as Xen's domain builder does. */
final class StartOfDay {
    private static final String MAGIC = "xen-3.0-x86_64";
    private static final int DOM0 = 0;

    private final Domain domain;
    private final DomainConfig config;

    StartOfDay(Domain domain, DomainConfig config) {
        this.domain = domain;
        this.config = config;
    }

    /** Writes it, and answers what the guest is told when it attaches. */
    Welcome write() {
        DomainLayout layout = domain.memory().layout();
        int xenstorePort = domain.events().allocUnbound(DOM0);
        int consolePort = domain.events().allocUnbound(DOM0);
        long monitorBytes = domain.monitorPages().byteSize();
        Welcome welcome = new Welcome(0, domain.domid(), layout, monitorBytes, xenstorePort, consolePort);
        renew(welcome);
        HvmParams params = domain.params();
        params.set(HvmParam.STORE_PFN, layout.xenstore());
        params.set(HvmParam.STORE_EVTCHN, xenstorePort);
        params.set(HvmParam.CONSOLE_PFN, layout.console());
        params.set(HvmParam.CONSOLE_EVTCHN, consolePort);
        domain.grants().grant(GrantTable.RESERVED_CONSOLE, DOM0, layout.console());
        domain.grants().grant(GrantTable.RESERVED_XENSTORE, DOM0, layout.xenstore());
        return welcome;
    }

    /** Writes start_info, again for a domain that was suspended: a guest may have used the page since. */
    void renew(Welcome welcome) {
        DomainLayout layout = domain.memory().layout();
        MemorySegment start = domain.memory().page(layout.startInfo());
        StartInfo.magic(start, 0, MAGIC);
        StartInfo.nrPages(start, 0, domain.memory().reservation().pages());
        StartInfo.sharedInfo(start, 0, DomainLayout.bytes(layout.sharedInfo()));
        StartInfo.storeMfn(start, 0, layout.xenstore());
        StartInfo.storeEvtchn(start, 0, welcome.xenstorePort());
        StartInfo.consoleDomuMfn(start, 0, layout.console());
        StartInfo.consoleDomuEvtchn(start, 0, welcome.consolePort());
        StartInfo.cmdLine(start, 0, config.commandLine());
    }
}
