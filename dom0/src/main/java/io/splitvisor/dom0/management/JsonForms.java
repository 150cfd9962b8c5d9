// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.management;

import io.splitvisor.dom0.config.ChannelConfig;
import io.splitvisor.dom0.config.CpuShare;
import io.splitvisor.dom0.config.DiskConfig;
import io.splitvisor.dom0.config.DomainConfig;
import io.splitvisor.dom0.config.Guest;
import io.splitvisor.dom0.config.PagingChoice;
import io.splitvisor.dom0.config.Problem;
import io.splitvisor.dom0.config.VifConfig;
import io.splitvisor.dom0.toolstack.BlockInfo;
import io.splitvisor.dom0.toolstack.DomainEvent;
import io.splitvisor.dom0.toolstack.DomainInfo;
import io.splitvisor.dom0.toolstack.HostInfo;
import io.splitvisor.dom0.toolstack.SchedCredit;
import io.splitvisor.dom0.toolstack.ShutdownReason;
import io.splitvisor.dom0.toolstack.ToolstackException.Kind;
import io.splitvisor.dom0.toolstack.VcpuInfo;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** What the toolstack's records look like in JSON. A configuration has the shape that {@code xl list -l} gives it. */
public final class JsonForms {
    private JsonForms() {}

    /** A domain. */
    public static Map<String, Object> domain(DomainInfo info) {
        return Json.object(
                "domid", info.domid(),
                "name", info.name(),
                "uuid", info.uuid(),
                "memory_kib", info.memoryKib(),
                "maxmem_kib", info.maxmemKib(),
                "vcpus", info.vcpus(),
                "state", info.flags(),
                "running", info.running(),
                "blocked", info.blocked(),
                "paused", info.paused(),
                "shutdown", info.shutdown().map(ShutdownReason::word),
                "dying", info.dying(),
                "cpu_time_ns", info.cpuTimeNanos(),
                "created", info.created());
    }

    /** A domain's configuration as {@code list -l} has it; Domain-0, which has none, gets what xl shows for it. */
    public static Map<String, Object> longForm(DomainInfo info) {
        Map<String, Object> config = info.config()
                .map(JsonForms::config)
                .orElseGet(() -> Json.object(
                        "c_info",
                        Json.object("type", "pv", "name", info.name()),
                        "b_info",
                        Json.object("max_memkb", info.maxmemKib(), "target_memkb", info.memoryKib())));
        return Json.object("domid", info.domid(), "config", config);
    }

    /** A configuration. */
    public static Map<String, Object> config(DomainConfig config) {
        return Json.object(
                "c_info",
                Json.object("type", config.guest().type(), "name", config.name(), "uuid", config.uuid()),
                "b_info",
                Json.object(
                        "max_vcpus", config.maxVcpus(),
                        "avail_vcpus", config.vcpus(),
                        "max_memkb", config.maxmemMib() * 1024,
                        "target_memkb", config.memoryMib() * 1024,
                        "cmdline", config.commandLine(),
                        "arguments", config.arguments(),
                        "guest", guest(config.guest()),
                        "max_grant_frames", config.maxGrantFrames(),
                        "paging", paging(config.paging()),
                        "sched_params", share(config.cpuShare())),
                "disks",
                config.disks().stream().map(JsonForms::disk).toList(),
                "nics",
                config.vifs().stream().map(JsonForms::vif).toList(),
                "vdevs",
                config.vdevs().stream().map(DeviceForms::vdev).toList(),
                "channels",
                config.channels().stream().map(JsonForms::channel).toList(),
                "drivers",
                config.drivers(),
                "on_poweroff",
                config.on().poweroff().word(),
                "on_reboot",
                config.on().reboot().word(),
                "on_watchdog",
                config.on().watchdog().word(),
                "on_crash",
                config.on().crash().word(),
                "optional",
                config.optional(),
                "after",
                config.after(),
                "takes",
                config.takes());
    }

    private static Map<String, Object> channel(ChannelConfig channel) {
        var form = Json.object(
                "name", channel.name(), "connection", channel.connection().word());
        if (channel.connection() instanceof ChannelConfig.Socket(Path path)) {
            form.put("path", path);
        }
        return form;
    }

    private static Map<String, Object> paging(PagingChoice paging) {
        var form = Json.object("mode", paging.mode().word());
        paging.tableMib().ifPresent(mib -> form.put("shadow_memkb", mib * 1024));
        form.put("oos", paging.outOfSync());
        return form;
    }

    private static Map<String, Object> share(CpuShare share) {
        return Json.object("weight", share.weight(), "cap", share.cap());
    }

    private static Map<String, Object> guest(Guest guest) {
        var form = Json.object("kernel", guest.kernel());
        if (guest instanceof Guest.Jvm jvm) {
            form.put("jvm_main", jvm.mainClass());
            form.put("jvm_module_path", jvm.modulePath());
            form.put("jvm_class_path", jvm.classPath());
            form.put("jvm_args", jvm.jvmArgs());
        }
        return form;
    }

    /** A disk's configuration, in xl's names. */
    public static Map<String, Object> disk(DiskConfig disk) {
        var form = Json.object("pdev_path", disk.target(), "vdev", disk.vdev());
        put(form, "backend", disk.backendType().map(type -> type.name().toLowerCase(Locale.ROOT)));
        form.put("format", disk.format().name().toLowerCase(Locale.ROOT));
        put(form, "script", disk.script());
        put(form, "backend_domname", disk.backend());
        if (disk.cdrom()) {
            form.put("removable", 1);
            form.put("is_cdrom", 1);
        }
        form.put("readwrite", disk.writable() ? 1 : 0);
        if (disk.directIoSafe()) {
            form.put("direct_io_safe", true);
        }
        put(form, "discard_enable", disk.discard());
        put(form, "trusted", disk.trusted());
        put(form, "grant_usage", disk.grantUsage());
        return form;
    }

    private static Map<String, Object> vif(VifConfig vif) {
        var form = Json.object();
        vif.devid().ifPresent(devid -> form.put("devid", devid));
        vif.mtu().ifPresent(mtu -> form.put("mtu", mtu));
        put(form, "mac", vif.mac());
        put(form, "bridge", vif.bridge());
        put(form, "gatewaydev", vif.gatewaydev());
        put(form, "nictype", vif.type());
        put(form, "model", vif.model());
        put(form, "ifname", vif.vifname());
        put(form, "script", vif.script());
        put(form, "ip", vif.ip());
        put(form, "backend_domname", vif.backend());
        put(form, "vlan", vif.vlan());
        put(form, "trusted", vif.trusted());
        vif.rate().ifPresent(rate -> {
            form.put("rate_bytes_per_interval", rate.bytesPerInterval());
            form.put("rate_interval_usecs", rate.intervalMicros());
        });
        return form;
    }

    private static void put(Map<String, Object> form, String key, Optional<?> value) {
        value.ifPresent(present -> form.put(key, present));
    }

    /** A block device. */
    public static Map<String, Object> block(BlockInfo info) {
        return Json.object(
                "devid", info.devid(),
                "vdev", info.disk().vdev(),
                "backend_domid", info.backendDomid(),
                "frontend_domid", info.frontendDomid(),
                "state", info.state(),
                "event_channel", info.eventChannel(),
                "ring_ref", info.ringRef(),
                "backend_path", info.backendPath(),
                "disk", disk(info.disk()));
    }

    /** A virtual processor. */
    public static Map<String, Object> vcpu(VcpuInfo info) {
        return Json.object(
                "domid", info.domid(),
                "name", info.name(),
                "vcpu", info.vcpu(),
                "online", info.online(),
                "running", info.running(),
                "blocked", info.blocked(),
                "running_ns", info.runningNanos(),
                "blocked_ns", info.blockedNanos(),
                "offline_ns", info.offlineNanos());
    }

    /** A domain's share of the processors. */
    public static Map<String, Object> schedCredit(SchedCredit credit) {
        return Json.object(
                "domid", credit.domid(),
                "name", credit.name(),
                "weight", credit.share().weight(),
                "cap", credit.share().cap(),
                "problem", credit.problem());
    }

    /** The host. */
    public static Map<String, Object> host(HostInfo info) {
        return Json.object(
                "host", info.host(),
                "release", info.release(),
                "version", info.version(),
                "machine", info.machine(),
                "nr_cpus", info.cpus(),
                "cpu_khz", info.cpuKhz(),
                "virt_caps", info.virtCaps(),
                "total_memory_mib", info.totalMemoryMib(),
                "free_memory_mib", info.freeMemoryMib(),
                "xen_major", info.major(),
                "xen_minor", info.minor(),
                "xen_extra", info.extra(),
                "xen_caps", info.caps(),
                "xen_scheduler", info.scheduler(),
                "xen_pagesize", info.pageSize(),
                "xen_commandline", info.commandline(),
                "started", info.started(),
                "run_dir", info.runDir(),
                "domains", info.domains());
    }

    /** An event. */
    public static Map<String, Object> event(DomainEvent event) {
        return switch (event) {
            case DomainEvent.Created created -> event("created", created);
            case DomainEvent.Shutdown shutdown -> {
                var form = event("shutdown", shutdown);
                form.put("reason", shutdown.reason().word());
                yield form;
            }
            case DomainEvent.Destroyed destroyed -> {
                var form = event("destroyed", destroyed);
                form.put("reason", destroyed.reason().map(ShutdownReason::word));
                form.put("restarted", destroyed.restarted());
                yield form;
            }
            case DomainEvent.Renamed renamed -> {
                var form = event("renamed", renamed);
                form.put("before", renamed.before());
                yield form;
            }
        };
    }

    private static Map<String, Object> event(String word, DomainEvent event) {
        return Json.object("event", word, "domid", event.domid(), "name", event.name());
    }

    /** An error. */
    public static Map<String, Object> error(Kind kind, String message, List<Problem> problems) {
        var error = Json.object("kind", kind.word(), "message", message);
        if (!problems.isEmpty()) {
            error.put("problems", problems.stream().map(JsonForms::problem).toList());
        }
        return Json.object("error", error);
    }

    /** A problem or warning of a configuration. */
    public static Map<String, Object> problem(Problem problem) {
        return Json.object(
                "source", problem.source(), "line", problem.line(), "key", problem.key(), "message", problem.message());
    }
}
