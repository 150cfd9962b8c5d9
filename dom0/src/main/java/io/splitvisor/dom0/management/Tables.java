// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.management;

import io.splitvisor.dom0.toolstack.BlockInfo;
import io.splitvisor.dom0.toolstack.DomainInfo;
import io.splitvisor.dom0.toolstack.HostInfo;
import io.splitvisor.dom0.toolstack.SchedCredit;
import io.splitvisor.dom0.toolstack.VcpuInfo;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** xl's tables, byte for byte: scripts read them. */
final class Tables {
    /** Columns that {@code list} adds on request. */
    enum Column {
        VERBOSE,
        CONTEXT,
        CPUPOOL,
        NUMA
    }

    private Tables() {}

    static String list(List<DomainInfo> domains, Set<Column> columns) {
        var text = new StringBuilder("Name                                        ID   Mem VCPUs\tState\tTime(s)");
        boolean verbose = columns.contains(Column.VERBOSE);
        boolean context = columns.contains(Column.CONTEXT);
        text.append(verbose ? "   UUID                            Reason-Code\tSecurity Label" : "");
        text.append(context && !verbose ? "   Security Label" : "");
        text.append(columns.contains(Column.CPUPOOL) ? "         Cpupool" : "");
        text.append(columns.contains(Column.NUMA) ? " NODE Affinity" : "").append('\n');
        for (DomainInfo domain : domains) {
            text.append(String.format(
                    Locale.ROOT,
                    "%-40s %5d %5d %5d     %s  %8.1f",
                    domain.name(),
                    domain.domid(),
                    domain.memoryKib() / 1024,
                    domain.vcpus(),
                    domain.flags(),
                    domain.cpuTimeNanos() / 1e9));
            if (verbose) {
                String reason = domain.shutdown()
                        .map(r -> String.format(Locale.ROOT, "%8x", r.code()))
                        .orElse("       -");
                text.append(' ').append(domain.uuid()).append(' ').append(reason);
            }
            text.append(verbose || context ? String.format(Locale.ROOT, " %16s", "-") : "");
            text.append(columns.contains(Column.CPUPOOL) ? String.format(Locale.ROOT, "%16s", "Pool-0") : "");
            text.append(columns.contains(Column.NUMA) ? " all" : "").append('\n');
        }
        return text.toString();
    }

    static String vmList(List<DomainInfo> domains) {
        var text = new StringBuilder("UUID                                  ID    name\n");
        for (DomainInfo domain : domains) {
            text.append(String.format(Locale.ROOT, "%s  %d    %-30s\n", domain.uuid(), domain.domid(), domain.name()));
        }
        return text.toString();
    }

    /** The host's scheduler puts a vCPU's thread where it likes: no processor is named. */
    static String vcpuList(List<VcpuInfo> vcpus) {
        var text = new StringBuilder(String.format(
                Locale.ROOT,
                "%-32s %5s %5s %5s %5s %9s %s\n",
                "Name",
                "ID",
                "VCPU",
                "CPU",
                "State",
                "Time(s)",
                "Affinity (Hard / Soft)"));
        for (VcpuInfo vcpu : vcpus) {
            String state = vcpu.online() ? (vcpu.running() ? "r" : "-") + (vcpu.blocked() ? "b" : "-") + "-" : "--p";
            text.append(String.format(
                    Locale.ROOT,
                    "%-32s %5d %5d %5s   %s %9.1f  all / all\n",
                    vcpu.name(),
                    vcpu.domid(),
                    vcpu.vcpu(),
                    "-",
                    state,
                    vcpu.runningNanos() / 1e9));
        }
        return text.toString();
    }

    static String schedCredit(List<SchedCredit> domains) {
        var text = new StringBuilder("Cpupool Pool-0:\n");
        text.append(String.format(Locale.ROOT, "%-33s %4s %6s %4s\n", "Name", "ID", "Weight", "Cap"));
        for (SchedCredit domain : domains) {
            text.append(String.format(
                    Locale.ROOT,
                    "%-33s %4d %6d %4d\n",
                    domain.name(),
                    domain.domid(),
                    domain.share().weight(),
                    domain.share().cap()));
        }
        return text.toString();
    }

    static String blockHead() {
        return String.format(
                Locale.ROOT,
                "%-5s %-3s %-6s %-5s %-6s %-8s %-30s\n",
                "Vdev",
                "BE",
                "handle",
                "state",
                "evt-ch",
                "ring-ref",
                "BE-path");
    }

    static String blockRows(List<BlockInfo> disks) {
        var text = new StringBuilder();
        for (BlockInfo disk : disks) {
            text.append(String.format(
                    Locale.ROOT,
                    "%-5d %-3d %-6d %-5d %-6d %-8d %-30s\n",
                    disk.devid(),
                    disk.backendDomid(),
                    disk.frontendDomid(),
                    disk.state(),
                    disk.eventChannel(),
                    disk.ringRef(),
                    disk.backendPath()));
        }
        return text.toString();
    }

    static String uptime(List<DomainInfo> domains, boolean shortForm, Instant now) {
        var text = new StringBuilder(
                shortForm ? "" : String.format(Locale.ROOT, "%-33s %4s %s\n", "Name", "ID", "Uptime"));
        String clock = LocalTime.ofInstant(now, ZoneId.systemDefault()).format(DateTimeFormatter.ofPattern("HH:mm:ss"));
        for (DomainInfo domain : domains) {
            long seconds = uptimeSeconds(domain, now);
            String line = shortForm
                    ? String.format(
                            Locale.ROOT,
                            " %s up %s, %s (%d)\n",
                            clock,
                            elapsed(seconds, true),
                            domain.name(),
                            domain.domid())
                    : String.format(
                            Locale.ROOT, "%-33s %4d %s\n", domain.name(), domain.domid(), elapsed(seconds, false));
            text.append(line);
        }
        return text.toString();
    }

    static long uptimeSeconds(DomainInfo domain, Instant now) {
        return Math.max(0, Duration.between(domain.created(), now).toSeconds());
    }

    private static String elapsed(long seconds, boolean shortForm) {
        long days = seconds / 86_400;
        String day = days > 1 ? days + " days, " : days == 1 ? "1 day, " : "";
        String clock = String.format(Locale.ROOT, "%2d:%02d", seconds / 3_600 % 24, seconds / 60 % 60);
        return day + clock + (shortForm ? "" : String.format(Locale.ROOT, ":%02d", seconds % 60));
    }

    /**
     * Lines {@code key : value} in xl's order, without those that have no meaning here (hw_caps and the like); where a name is
     * given, the values of the keys that start with it.
     */
    static String host(HostInfo info, String only) {
        var text = new StringBuilder();
        for (String[] line : hostLines(info)) {
            if (only.isEmpty()) {
                text.append(String.format(Locale.ROOT, "%-23s: %s\n", line[0], line[1]));
            } else if (line[0].startsWith(only)) {
                text.append(line[1]).append('\n');
            }
        }
        return text.toString();
    }

    private static String[][] hostLines(HostInfo info) {
        return new String[][] {
            {"host", info.host()},
            {"release", info.release()},
            {"version", info.version()},
            {"machine", info.machine()},
            {"nr_cpus", String.valueOf(info.cpus())},
            {"max_cpu_id", String.valueOf(info.cpus() - 1)},
            {"cpu_mhz", String.format(Locale.ROOT, "%d.%03d", info.cpuKhz() / 1000, info.cpuKhz() % 1000)},
            {"virt_caps", String.join(" ", info.virtCaps())},
            {"total_memory", String.valueOf(info.totalMemoryMib())},
            {"free_memory", String.valueOf(info.freeMemoryMib())},
            {"sharing_freed_memory", "0"},
            {"sharing_used_memory", "0"},
            {"outstanding_claims", "0"},
            {"free_cpus", "0"},
            {"xen_major", String.valueOf(info.major())},
            {"xen_minor", String.valueOf(info.minor())},
            {"xen_extra", info.extra()},
            {"xen_version", info.major() + "." + info.minor() + info.extra()},
            {"xen_caps", info.caps()},
            {"xen_scheduler", info.scheduler()},
            {"xen_pagesize", String.valueOf(info.pageSize())},
            {"xen_commandline", info.commandline()},
            {"cc_compiler", "javac " + Runtime.version().feature()},
            {"run_dir", info.runDir()},
            {"xend_config_format", "4"},
        };
    }
}
