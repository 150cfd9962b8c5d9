// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.toolstack;

import java.time.Instant;
import java.util.List;
import java.util.Objects;

/**
 * What {@code info} shows of the host and of Dom0, as far as xl's words fit.
 *
 * @param host the machine's name
 * @param release the kernel's release
 * @param version the kernel's version
 * @param machine the architecture
 * @param cpus processors
 * @param cpuKhz their frequency in kHz, 0 if unknown
 * @param virtCaps kinds of guests that run here
 * @param totalMemoryMib memory of the machine
 * @param freeMemoryMib memory that new domains may have
 * @param major Splitvisor's version
 * @param minor Splitvisor's version
 * @param extra the rest of it, with its dot: {@code .0-SNAPSHOT}
 * @param caps interfaces offered to guests, as xen_caps has them
 * @param scheduler who schedules virtual processors
 * @param pageSize bytes of a page
 * @param commandline how this Dom0 was started
 * @param started when it was
 * @param runDir its run folder
 * @param domains how many domains it has, itself included
 */
public record HostInfo(
        String host,
        String release,
        String version,
        String machine,
        int cpus,
        long cpuKhz,
        List<String> virtCaps,
        long totalMemoryMib,
        long freeMemoryMib,
        int major,
        int minor,
        String extra,
        String caps,
        String scheduler,
        int pageSize,
        String commandline,
        Instant started,
        String runDir,
        int domains) {
    /** Copies the list. */
    public HostInfo {
        Objects.requireNonNull(host, "host");
        Objects.requireNonNull(started, "started");
        virtCaps = List.copyOf(virtCaps);
    }
}
