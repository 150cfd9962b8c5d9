// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.config;

import io.splitvisor.abi.paging.PagingMode;
import io.splitvisor.dom0.config.DomainConfig.OnShutdown;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.stream.Stream;

/** Settings to a {@link DomainConfig}: one pass that collects every problem before it refuses. */
final class ConfigReader {
    private static final List<String> TYPES = List.of("jvm", "exec");
    private static final List<String> XEN_TYPES = List.of("pv", "pvh", "hvm");

    private final String source;
    private final Map<String, Setting> settings;
    private final List<Problem> problems;
    private final List<Problem> warnings = new ArrayList<>();
    private final SettingReader read;

    /** Whether the text could be read: where it could not, nobody knows what is missing. */
    private final boolean legible;

    ConfigReader(String source, Map<String, Setting> settings, List<Problem> problems) {
        this.source = source;
        this.settings = settings;
        this.problems = problems;
        this.legible = problems.isEmpty();
        this.read = new SettingReader(settings, problems);
    }

    ParsedConfig read() {
        keys();
        String name = name();
        Optional<UUID> uuid = uuid();
        Optional<Guest> guest = guest();
        List<String> arguments = arguments();
        long memory =
                read.number("memory", 1, DomainConfig.MAX_MEMORY_MIB).orElse(DomainConfigBuilder.DEFAULT_MEMORY_MIB);
        long maxmem = maxmem(memory);
        int vcpus = (int) read.number("vcpus", 1, DomainConfig.MAX_VCPUS).orElse(1);
        int maxVcpus = maxVcpus(vcpus);
        int grantFrames = (int) read.number("max_grant_frames", 1, DomainConfig.MAX_GRANT_FRAMES)
                .orElse(DomainConfig.DEFAULT_GRANT_FRAMES);
        CpuShare share = new CpuShare(
                (int) read.number("cpu_weight", 1, CpuShare.MAX_WEIGHT).orElse(CpuShare.DEFAULT.weight()),
                (int) read.number("cap", 0, CpuShare.MAX_CAP).orElse(CpuShare.DEFAULT.cap()));
        PagingChoice paging = paging();
        List<DiskConfig> disks = disks();
        List<VifConfig> vifs = vifs();
        List<VdevConfig> vdevs = vdevs();
        List<ChannelConfig> channels = channels();
        List<Path> drivers = drivers(guest);
        OnShutdown on = onShutdown();
        boolean optional = read.flag("optional");
        List<String> after = after(name);
        List<String> takes = takes();
        if (!problems.isEmpty()) {
            throw new ConfigException(problems.stream()
                    .sorted(Comparator.comparing((Problem p) -> p.source().equals(ConfigSource.COMMAND_LINE))
                            .thenComparingInt(Problem::line))
                    .toList());
        }
        var config = DomainConfig.of(name, guest.orElseThrow())
                .uuid(uuid)
                .arguments(arguments)
                .memory(memory, maxmem)
                .vcpus(vcpus, maxVcpus)
                .disks(disks)
                .vifs(vifs)
                .vdevs(vdevs)
                .channels(channels)
                .drivers(drivers)
                .on(on)
                .optional(optional)
                .after(after)
                .takes(takes)
                .source(source)
                .maxGrantFrames(grantFrames)
                .cpuShare(share)
                .paging(paging)
                .build();
        return new ParsedConfig(config, warnings);
    }

    private void keys() {
        for (Setting setting : settings.values()) {
            if (Keys.OF_XL.contains(setting.key())) {
                warnings.add(setting.problem("a key of xl that is not acted on"));
            } else if (!Keys.ACTED_ON.contains(setting.key())) {
                String near = Keys.nearest(setting.key())
                        .map(k -> "; did you mean '" + k + "'?")
                        .orElse("");
                problems.add(setting.problem("unknown key" + near));
            }
        }
    }

    private String name() {
        Optional<String> name = read.text("name");
        if (name.isEmpty()) {
            if (!read.has("name")) {
                missing("name", "missing; expected name = \"...\"");
            } else {
                read.problem(settings.get("name"), "empty; expected a name");
            }
            return "";
        }
        DomainConfig.nameProblem(name.get()).ifPresent(wrong -> read.problem(settings.get("name"), wrong));
        return name.get();
    }

    private Optional<UUID> uuid() {
        Optional<String> text = read.text("uuid");
        if (text.isEmpty()) {
            return Optional.empty();
        }
        String digits = text.get().replace("-", "");
        if (!digits.matches("[0-9a-fA-F]{32}")) {
            read.problem(
                    settings.get("uuid"),
                    "'" + Lexer.printable(text.get()) + "' is no UUID; expected 32 hexadecimal digits");
            return Optional.empty();
        }
        return Optional.of(new UUID(
                Long.parseUnsignedLong(digits.substring(0, 16), 16), Long.parseUnsignedLong(digits.substring(16), 16)));
    }

    private Optional<Guest> guest() {
        Optional<Path> kernel = read.path("kernel");
        List<Path> modulePath = read.paths("jvm_module_path");
        List<Path> classPath = read.paths("jvm_class_path");
        Optional<String> main = read.text("jvm_main");
        List<String> jvmArgs = read.words("jvm_args");
        Optional<String> type = type(kernel);
        if (type.isEmpty()) {
            return Optional.empty();
        }
        boolean jvm = type.get().equals("jvm");
        if (kernel.isEmpty() && (!jvm || (modulePath.isEmpty() && classPath.isEmpty()))) {
            if (!read.has("kernel")) {
                missing(
                        "kernel",
                        jvm
                                ? "missing; expected the path of the guest's jar"
                                : "missing; expected the path of a program");
            } else {
                read.problem(settings.get("kernel"), "expected the path of " + (jvm ? "the guest's jar" : "a program"));
            }
            return Optional.empty();
        }
        if (!jvm) {
            Stream.of("jvm_main", "jvm_module_path", "jvm_class_path", "jvm_args")
                    .filter(read::has)
                    .forEach(key -> read.problem(settings.get(key), "only for type = \"jvm\""));
            return Optional.of(new Guest.Exec(kernel.orElseThrow()));
        }
        if (main.isEmpty()) {
            missing("jvm_main", "missing; expected the name of the guest's class");
            return Optional.empty();
        }
        return Optional.of(new Guest.Jvm(kernel, main, modulePath, classPath, jvmArgs));
    }

    private Optional<String> type(Optional<Path> kernel) {
        Optional<String> type = read.text("type");
        if (type.isEmpty()) {
            boolean jar = kernel.isPresent() && kernel.get().toString().endsWith(".jar");
            if (jar || read.has("jvm_main") || read.has("jvm_module_path") || read.has("jvm_class_path")) {
                return Optional.of("jvm");
            }
            missing("type", "missing; expected \"jvm\" or \"exec\"");
            return Optional.empty();
        }
        if (TYPES.contains(type.get())) {
            return type;
        }
        read.problem(
                settings.get("type"),
                XEN_TYPES.contains(type.get())
                        ? "\"" + type.get() + "\" guests, which need an x86 processor, are not supported yet;"
                                + " expected \"jvm\" or \"exec\""
                        : "found '" + Lexer.printable(type.get()) + "', expected \"jvm\" or \"exec\"");
        return Optional.empty();
    }

    /** As xl: {@code cmdline} alone, or else {@code root=ROOT} and then {@code extra}. */
    private List<String> arguments() {
        List<String> root = read.text("root").map(r -> "root=" + r).stream().toList();
        List<String> extra = read.words("extra");
        if (!read.has("cmdline")) {
            return Stream.concat(root.stream(), extra.stream()).toList();
        }
        Stream.of("root", "extra")
                .filter(read::has)
                .forEach(key -> warnings.add(settings.get(key).problem("ignored, because cmdline is set")));
        return read.words("cmdline");
    }

    private long maxmem(long memory) {
        long maxmem = read.number("maxmem", 1, DomainConfig.MAX_MEMORY_MIB).orElse(memory);
        if (maxmem < memory) {
            read.problem(settings.get("maxmem"), "found " + maxmem + ", less than memory (" + memory + ")");
        }
        return Math.max(memory, maxmem);
    }

    private PagingChoice paging() {
        PagingMode mode = read.word(
                        "paging", word -> Optional.ofNullable(PagingMode.named(word)), "none, shadow, registered, ept")
                .orElse(PagingMode.NONE);
        OptionalLong tableMib = read.number("shadow_memory", 1, PagingChoice.MAX_TABLE_MIB);
        long outOfSync = read.number("oos", 0, 1).orElse(1);
        if (tableMib.isPresent() && mode == PagingMode.NONE) {
            warnings.add(settings.get("shadow_memory").problem("ignored, because paging is not set"));
        }
        if (outOfSync == 0 && mode != PagingMode.SHADOW) {
            warnings.add(settings.get("oos").problem("only for paging = \"shadow\""));
        }
        return new PagingChoice(mode, tableMib, outOfSync == 1);
    }

    private int maxVcpus(int vcpus) {
        int most = (int) read.number("maxvcpus", 1, DomainConfig.MAX_VCPUS).orElse(vcpus);
        if (most < vcpus) {
            read.problem(settings.get("maxvcpus"), "found " + most + ", less than vcpus (" + vcpus + ")");
        }
        return Math.max(vcpus, most);
    }

    private List<DiskConfig> disks() {
        List<DiskConfig> disks = isPathOnly() ? retargeted() : read.each("disk", ConfigReader::disk);
        var seen = new HashMap<Integer, String>();
        for (DiskConfig disk : disks) {
            String before = seen.put(disk.devid(), disk.vdev());
            if (before != null) {
                read.problem(settings.get("disk"), disk.vdev() + " is the same device as " + before + " before it");
            }
            if (disk.specification() == DiskConfig.Specification.VIRTIO) {
                read.problem(
                        settings.get("disk"), disk.vdev() + ": specification=virtio is not supported; expected xen");
            }
        }
        return disks;
    }

    /** {@code disk=PATH} on the command line: the image changes, not how the guest sees it. */
    private boolean isPathOnly() {
        return read.setting("disk")
                .filter(disk -> disk.source().equals(ConfigSource.COMMAND_LINE))
                .map(Setting::value)
                .filter(value -> value instanceof Value.Atom atom && atom.text().indexOf(',') < 0)
                .isPresent();
    }

    private List<DiskConfig> retargeted() {
        Setting image = settings.get("disk");
        Setting before = image.before();
        if (!(image.value() instanceof Value.Atom target)
                || before == null
                || !(before.value() instanceof Value.Items list)
                || list.items().isEmpty()) {
            read.problem(image, "the file names no disk whose image this could be; expected TARGET,FORMAT,VDEV,ACCESS");
            return List.of();
        }
        settings.put("disk", before);
        var disks = new ArrayList<>(read.each("disk", ConfigReader::disk));
        settings.put("disk", image);
        try {
            if (!disks.isEmpty()) {
                DiskConfig first = disks.getFirst();
                String spec = "vdev=" + first.vdev() + ",target=" + target.text();
                disks.set(0, first.withTarget(disk(spec, target.folder()).target()));
            }
        } catch (IllegalArgumentException e) {
            read.problem(image, e.getMessage());
        }
        return disks;
    }

    private static DiskConfig disk(String spec, Path folder) {
        return DiskConfig.parse(List.of(spec), folder);
    }

    private List<VifConfig> vifs() {
        List<VifConfig> vifs = read.each("vif", (spec, _) -> VifConfig.parse(spec));
        if (!vifs.isEmpty()) {
            warnings.add(
                    settings.get("vif").problem("network interfaces are not served yet; the domain starts without"));
        }
        return vifs;
    }

    private List<VdevConfig> vdevs() {
        List<VdevConfig> vdevs = read.each("vdev", (spec, _) -> VdevConfig.parse(spec));
        var seen = new HashSet<String>();
        for (VdevConfig vdev : vdevs) {
            if (vdev.devid().isPresent()
                    && !seen.add(vdev.type() + " " + vdev.devid().getAsInt())) {
                read.problem(
                        settings.get("vdev"),
                        vdev.type() + " " + vdev.devid().getAsInt() + " is the same device as one before it");
            }
        }
        return vdevs;
    }

    private List<ChannelConfig> channels() {
        List<ChannelConfig> channels = read.each("channel", ChannelConfig::parse);
        var seen = new HashSet<String>();
        for (ChannelConfig channel : channels) {
            if (!seen.add(channel.name())) {
                read.problem(settings.get("channel"), channel.name() + " is the name of one before it");
            }
        }
        return channels;
    }

    private List<Path> drivers(Optional<Guest> guest) {
        List<Path> drivers = read.paths("drivers");
        if (guest.isPresent() && !(guest.get() instanceof Guest.Jvm) && !drivers.isEmpty()) {
            read.problem(settings.get("drivers"), "only for type = \"jvm\"");
        }
        return drivers;
    }

    private OnShutdown onShutdown() {
        OnShutdown defaults = OnShutdown.DEFAULT;
        return new OnShutdown(
                action("on_poweroff", defaults.poweroff()),
                action("on_reboot", defaults.reboot()),
                action("on_crash", defaults.crash()),
                action("on_watchdog", defaults.watchdog()));
    }

    private Action action(String key, Action none) {
        Action action =
                read.word(key, Action::of, String.join(", ", Action.words())).orElse(none);
        if (action == Action.SOFT_RESET) {
            warnings.add(settings.get(key).problem("'soft-reset' is not supported yet and counts as 'restart'"));
        }
        return action;
    }

    private List<String> after(String name) {
        List<String> after = read.words("after");
        if (after.contains(name)) {
            read.problem(settings.get("after"), "a domain cannot start after itself");
        }
        return after;
    }

    private List<String> takes() {
        List<String> takes = read.words("takes");
        for (String key : takes) {
            if (!Keys.ACTED_ON.contains(key)) {
                String near = Keys.nearest(key)
                        .map(k -> "; did you mean '" + k + "'?")
                        .orElse("");
                read.problem(settings.get("takes"), "'" + Lexer.printable(key) + "' is no key that is acted on" + near);
            }
        }
        return takes;
    }

    private void missing(String key, String message) {
        if (legible) {
            problems.add(new Problem(source, 0, key, message));
        }
    }
}
