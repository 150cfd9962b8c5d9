// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.domain;

import io.splitvisor.dom0.attach.AttachServer;
import io.splitvisor.dom0.console.ConsoleTerminals;
import io.splitvisor.dom0.xenstored.Xenstored;
import io.splitvisor.hypercall.ToolstackCalls;
import io.splitvisor.monitor.Monitor;
import io.splitvisor.monitor.hypercall.HypercallTable;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.ScheduledExecutorService;

/**
 * What every domain of a Dom0 shares.
 *
 * @param runDir the run folder, absolute
 * @param monitor the hypervisor
 * @param hypercalls what guests may call
 * @param calls what the toolstack asks the monitor
 * @param backends Dom0 as its back ends see it
 * @param xenstored the store
 * @param storeLayout where domains are in the store
 * @param disks the block back end, for the toolstack
 * @param devices drivers and their devices
 * @param channels domains' consoles besides the first
 * @param terminals the host's terminals for consoles
 * @param attachServer where guests come in
 * @param timer for what happens later; its tasks must not block
 * @param summary what domains did that are gone
 * @param log what {@code dmesg} shows
 * @param cpuShares what guests get of the host's processors
 */
record Dom0Services(
        Path runDir,
        Monitor monitor,
        HypercallTable hypercalls,
        ToolstackCalls calls,
        Dom0BackendDomain backends,
        Xenstored xenstored,
        StoreLayout storeLayout,
        Disks disks,
        DriverDevices devices,
        Channels channels,
        ConsoleTerminals terminals,
        AttachServer attachServer,
        ScheduledExecutorService timer,
        Summary summary,
        HypervisorLog log,
        CpuShares cpuShares) {
    /** Longest path that a socket address holds (sun_path). */
    private static final int SUN_PATH_MAX = 107;

    static Path attachSocketIn(Path runDir) {
        return runDir.resolve("attach.sock");
    }

    /** A guest's working folder. */
    Path folderOf(int domid) {
        return runDir.resolve("domains").resolve(Integer.toString(domid));
    }

    /** The attach socket as a process in this folder names it: relative, where the absolute path is too long. */
    Path attachSocketFrom(Path folder) {
        Path socket = attachSocketIn(runDir);
        boolean fits = socket.toString().getBytes(StandardCharsets.UTF_8).length <= SUN_PATH_MAX;
        return fits ? socket : folder.relativize(socket);
    }
}
