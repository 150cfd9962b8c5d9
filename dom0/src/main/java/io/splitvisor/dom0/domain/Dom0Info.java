// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.domain;

import io.splitvisor.attach.DomainLayout;
import io.splitvisor.dom0.toolstack.DomainInfo;
import io.splitvisor.dom0.toolstack.HostInfo;
import io.splitvisor.host.HostProcess;
import io.splitvisor.monitor.MonitorVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * Dom0 about itself and its host.
 *
 * @param runDir its run folder
 * @param commandline how it was started
 * @param started when
 */
record Dom0Info(Path runDir, String commandline, Instant started) {
    static final String NAME = "Domain-0";

    DomainInfo domain() {
        long memory = Runtime.getRuntime().totalMemory() / 1024;
        long cpu = HostProcess.cpuNanos(ProcessHandle.current().pid());
        return new DomainInfo(
                0,
                NAME,
                new UUID(0, 0),
                memory,
                Runtime.getRuntime().maxMemory() / 1024,
                Runtime.getRuntime().availableProcessors(),
                true,
                false,
                false,
                Optional.empty(),
                false,
                cpu,
                started,
                Optional.empty());
    }

    HostInfo host(int domains) {
        return new HostInfo(
                firstLine("/proc/sys/kernel/hostname", "localhost"),
                firstLine("/proc/sys/kernel/osrelease", "unknown"),
                firstLine("/proc/sys/kernel/version", "unknown"),
                System.getProperty("os.arch").equals("amd64") ? "x86_64" : System.getProperty("os.arch"),
                Runtime.getRuntime().availableProcessors(),
                cpuKhz(),
                List.of("jvm", "exec", "gnttab-v1", "gnttab-v2"),
                meminfo("MemTotal:") / 1024,
                meminfo("MemAvailable:") / 1024,
                MonitorVersion.MAJOR,
                MonitorVersion.MINOR,
                MonitorVersion.EXTRA,
                MonitorVersion.CAPABILITIES,
                "host",
                DomainLayout.PAGE_SIZE,
                commandline,
                started,
                runDir.toString(),
                domains);
    }

    static long meminfo(String key) {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/meminfo"))) {
                if (line.startsWith(key)) {
                    return Long.parseLong(line.replaceAll("[^0-9]", ""));
                }
            }
        } catch (IOException e) {
            return Runtime.getRuntime().maxMemory() / 1024;
        }
        return 0;
    }

    static long cpuKhz() {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/cpuinfo"))) {
                if (line.startsWith("cpu MHz")) {
                    return (long) (Double.parseDouble(line.substring(line.indexOf(':') + 1)) * 1000);
                }
            }
        } catch (IOException e) {
            return 0;
        }
        return 0;
    }

    private static String firstLine(String file, String otherwise) {
        try {
            return Files.readString(Path.of(file)).strip();
        } catch (IOException e) {
            return otherwise;
        }
    }
}
