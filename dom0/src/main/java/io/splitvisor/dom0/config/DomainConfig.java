// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.config;

import io.splitvisor.attach.DomainLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * A domain as its configuration describes it, checked.
 *
 * @param name the domain's name: no slash, no control characters, not only digits (those are domids), at most 128 characters
 * @param uuid its UUID; absent: one is made up
 * @param guest what it runs
 * @param arguments what the guest gets as its command line
 * @param memoryMib guest-physical memory in MiB, from 1
 * @param maxmemMib the most it may ever have in MiB, not less than {@code memoryMib}
 * @param vcpus virtual processors at the start, 1 to {@code maxVcpus}
 * @param maxVcpus the most virtual processors, 1 to 128
 * @param disks its disks, no vdev twice
 * @param vifs its network interfaces
 * @param vdevs its devices that drivers make, no number of a type twice
 * @param channels its consoles besides the first, numbered from 1, no name twice
 * @param drivers jars and folders with front ends, for JVM guests
 * @param on what happens when it shuts down
 * @param optional whether {@code up} may leave it out where its kernel is missing
 * @param after the names of domains that {@code up} starts before it
 * @param takes keys that a bare {@code key=value} of {@code up} sets in this domain, and not in those that do not list it
 * @param source the file that it comes from, as the user named it
 * @param maxGrantFrames the most frames of its grant table, 1 to 1024
 * @param cpuShare what it gets of the host's processors
 * @param paging how its memory is virtualized
 */
public record DomainConfig(
        String name,
        Optional<UUID> uuid,
        Guest guest,
        List<String> arguments,
        long memoryMib,
        long maxmemMib,
        int vcpus,
        int maxVcpus,
        List<DiskConfig> disks,
        List<VifConfig> vifs,
        List<VdevConfig> vdevs,
        List<ChannelConfig> channels,
        List<Path> drivers,
        OnShutdown on,
        boolean optional,
        List<String> after,
        List<String> takes,
        String source,
        int maxGrantFrames,
        CpuShare cpuShare,
        PagingChoice paging) {

    /** The largest memory of a domain, in MiB. */
    public static final long MAX_MEMORY_MIB = 1 << 20;

    /** The most virtual processors of a domain. */
    public static final int MAX_VCPUS = DomainLayout.MAX_VCPUS;

    /** The most frames of a grant table that can be asked for. */
    public static final int MAX_GRANT_FRAMES = 1024;

    /** The frames of a grant table that nobody asks for more of: Xen's default, 32768 grants of version 1. */
    public static final int DEFAULT_GRANT_FRAMES = 64;

    /**
     * What happens to the domain when it shuts down, by reason.
     *
     * @param poweroff after a shutdown
     * @param reboot after a reboot
     * @param crash after a crash
     * @param watchdog after its watchdog fired
     */
    public record OnShutdown(Action poweroff, Action reboot, Action crash, Action watchdog) {
        /** xl's defaults: a reboot restarts, everything else destroys. */
        public static final OnShutdown DEFAULT =
                new OnShutdown(Action.DESTROY, Action.RESTART, Action.DESTROY, Action.DESTROY);

        /** Every end destroys the domain. */
        public static final OnShutdown DESTROYS =
                new OnShutdown(Action.DESTROY, Action.DESTROY, Action.DESTROY, Action.DESTROY);

        /** Checks that nothing is null. */
        public OnShutdown {
            Stream.of(poweroff, reboot, crash, watchdog).forEach(Objects::requireNonNull);
        }
    }

    /** Checks all ranges. */
    public DomainConfig {
        Optional<String> wrong = nameProblem(name);
        if (wrong.isPresent()) {
            throw new IllegalArgumentException(wrong.get());
        }
        check(
                memoryMib >= 1 && memoryMib <= maxmemMib && maxmemMib <= MAX_MEMORY_MIB,
                "memory",
                memoryMib + "/" + maxmemMib);
        check(vcpus >= 1 && vcpus <= maxVcpus && maxVcpus <= MAX_VCPUS, "vcpus", vcpus + "/" + maxVcpus);
        check(maxGrantFrames >= 1 && maxGrantFrames <= MAX_GRANT_FRAMES, "max_grant_frames", "" + maxGrantFrames);
        Objects.requireNonNull(guest, "guest");
        Objects.requireNonNull(on, "on");
        Objects.requireNonNull(source, "source");
        Objects.requireNonNull(cpuShare, "cpuShare");
        Objects.requireNonNull(paging, "paging");
        arguments = List.copyOf(arguments);
        disks = List.copyOf(disks);
        vifs = List.copyOf(vifs);
        vdevs = List.copyOf(vdevs);
        channels = List.copyOf(channels);
        drivers = List.copyOf(drivers);
        after = List.copyOf(after);
        takes = List.copyOf(takes);
        check(disks.stream().map(DiskConfig::devid).distinct().count() == disks.size(), "disk", "a vdev twice");
    }

    /** A configuration with the defaults of xl.cfg, to be filled. */
    public static DomainConfigBuilder of(String name, Guest guest) {
        return new DomainConfigBuilder(name, guest);
    }

    /** This configuration, to be changed. */
    public DomainConfigBuilder toBuilder() {
        return new DomainConfigBuilder(this);
    }

    /** What is wrong with a domain's name, empty where it is good. */
    public static Optional<String> nameProblem(String name) {
        if (name.isEmpty() || name.length() > 128) {
            return Optional.of("a domain's name has 1 to 128 characters");
        }
        if (name.chars().anyMatch(c -> c == '/' || c <= ' ' || c == 127 || c >= 0xd800)) {
            return Optional.of(
                    "'" + Lexer.printable(name) + "' is no domain name; it may not hold '/', spaces or controls");
        }
        if (name.chars().allMatch(c -> c >= '0' && c <= '9')) {
            return Optional.of("'" + name + "' is no domain name; a number is a domid");
        }
        return Optional.empty();
    }

    /** The arguments as one line, as start_info carries them. */
    public String commandLine() {
        return String.join(" ", arguments);
    }

    private static void check(boolean good, String key, String value) {
        if (!good) {
            throw new IllegalArgumentException(key + ": " + value);
        }
    }
}
