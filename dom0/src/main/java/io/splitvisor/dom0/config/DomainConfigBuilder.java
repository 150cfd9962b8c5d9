// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.config;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * Collects what a {@link DomainConfig} is made of; its components' descriptions are there. What is not set has xl.cfg's
 * default. Not thread-safe.
 */
public final class DomainConfigBuilder {
    /** Memory of a domain that does not say how much, in MiB. */
    static final long DEFAULT_MEMORY_MIB = 64;

    private final Guest guest;
    private String name;
    private Optional<UUID> uuid = Optional.empty();
    private List<String> arguments = List.of();
    private long memoryMib = DEFAULT_MEMORY_MIB;
    private long maxmemMib = DEFAULT_MEMORY_MIB;
    private int vcpus = 1;
    private int maxVcpus = 1;
    private List<DiskConfig> disks = List.of();
    private List<VifConfig> vifs = List.of();
    private List<VdevConfig> vdevs = List.of();
    private List<ChannelConfig> channels = List.of();
    private List<Path> drivers = List.of();
    private DomainConfig.OnShutdown on = DomainConfig.OnShutdown.DEFAULT;
    private boolean optional;
    private List<String> after = List.of();
    private List<String> takes = List.of();
    private String source = "";
    private int maxGrantFrames = DomainConfig.DEFAULT_GRANT_FRAMES;
    private CpuShare cpuShare = CpuShare.DEFAULT;
    private PagingChoice paging = PagingChoice.NONE;

    DomainConfigBuilder(String name, Guest guest) {
        this.name = name;
        this.guest = guest;
    }

    DomainConfigBuilder(DomainConfig from) {
        this(from.name(), from.guest());
        uuid = from.uuid();
        arguments = from.arguments();
        memoryMib = from.memoryMib();
        maxmemMib = from.maxmemMib();
        vcpus = from.vcpus();
        maxVcpus = from.maxVcpus();
        disks = from.disks();
        vifs = from.vifs();
        vdevs = from.vdevs();
        channels = from.channels();
        drivers = from.drivers();
        on = from.on();
        optional = from.optional();
        after = from.after();
        takes = from.takes();
        source = from.source();
        maxGrantFrames = from.maxGrantFrames();
        cpuShare = from.cpuShare();
        paging = from.paging();
    }

    /** The domain's name. */
    public DomainConfigBuilder name(String value) {
        name = value;
        return this;
    }

    /** Its UUID; empty: one is made up. */
    public DomainConfigBuilder uuid(Optional<UUID> value) {
        uuid = value;
        return this;
    }

    /** The guest's command line. */
    public DomainConfigBuilder arguments(List<String> value) {
        arguments = value;
        return this;
    }

    /** Memory at the start, and the most there may be, in MiB. */
    public DomainConfigBuilder memory(long mib, long maxMib) {
        memoryMib = mib;
        maxmemMib = maxMib;
        return this;
    }

    /** Virtual processors at the start, and the most there may be. */
    public DomainConfigBuilder vcpus(int count, int max) {
        vcpus = count;
        maxVcpus = max;
        return this;
    }

    /** Its disks. */
    public DomainConfigBuilder disks(List<DiskConfig> value) {
        disks = value;
        return this;
    }

    /** Its network interfaces. */
    public DomainConfigBuilder vifs(List<VifConfig> value) {
        vifs = value;
        return this;
    }

    /** Its devices that drivers make. */
    public DomainConfigBuilder vdevs(List<VdevConfig> value) {
        vdevs = value;
        return this;
    }

    /** Its consoles besides the first. */
    public DomainConfigBuilder channels(List<ChannelConfig> value) {
        channels = value;
        return this;
    }

    /** Jars and folders with front ends. */
    public DomainConfigBuilder drivers(List<Path> value) {
        drivers = value;
        return this;
    }

    /** What happens when it shuts down. */
    public DomainConfigBuilder on(DomainConfig.OnShutdown value) {
        on = value;
        return this;
    }

    /** Whether {@code up} may leave it out. */
    public DomainConfigBuilder optional(boolean value) {
        optional = value;
        return this;
    }

    /** Domains that {@code up} starts before it. */
    public DomainConfigBuilder after(List<String> value) {
        after = value;
        return this;
    }

    /** Keys of {@code up}'s command line that are meant for it. */
    public DomainConfigBuilder takes(List<String> value) {
        takes = value;
        return this;
    }

    /** Where the configuration comes from, for messages. */
    public DomainConfigBuilder source(String value) {
        source = value;
        return this;
    }

    /** The most frames of its grant table. */
    public DomainConfigBuilder maxGrantFrames(int value) {
        maxGrantFrames = value;
        return this;
    }

    /** Its share of the host's processors. */
    public DomainConfigBuilder cpuShare(CpuShare value) {
        cpuShare = value;
        return this;
    }

    /** How its memory is virtualized. */
    public DomainConfigBuilder paging(PagingChoice value) {
        paging = value;
        return this;
    }

    /** @throws IllegalArgumentException if something is out of its range */
    public DomainConfig build() {
        return new DomainConfig(
                name,
                uuid,
                guest,
                arguments,
                memoryMib,
                maxmemMib,
                vcpus,
                maxVcpus,
                disks,
                vifs,
                vdevs,
                channels,
                drivers,
                on,
                optional,
                after,
                takes,
                source,
                maxGrantFrames,
                cpuShare,
                paging);
    }
}
