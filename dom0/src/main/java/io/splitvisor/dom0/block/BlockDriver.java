// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.block;

import io.splitvisor.abi.io.Blkif;
import io.splitvisor.abi.io.BlkifProtocol;
import io.splitvisor.dom0.store.BlockStore;
import io.splitvisor.dom0.store.StoreException;
import io.splitvisor.driver.Protocol;
import io.splitvisor.driver.backend.BackendDriver;
import io.splitvisor.driver.backend.DeviceConfig;
import io.splitvisor.driver.backend.DeviceException;
import io.splitvisor.driver.backend.SlotLayout;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Opens one virtual disk, and again when it is reloaded. */
final class BlockDriver implements BackendDriver {
    private final BlockConfig config;
    private final QueueStatistics.Totals totals = new QueueStatistics.Totals();

    BlockDriver(BlockConfig config) {
        this.config = config;
    }

    /** What the disk did since it was attached. */
    QueueStatistics.Totals totals() {
        return totals;
    }

    BlockConfig config() {
        return config;
    }

    @Override
    public Protocol protocol() {
        return Blkif.PROTOCOL;
    }

    /** The nodes that libxl writes for a disk. */
    DeviceConfig deviceConfig() {
        String kind = config.cdrom() ? "cdrom" : "disk";
        String mode = config.readOnly() ? "r" : "w";
        Map<String, String> frontend = new LinkedHashMap<>();
        frontend.put("virtual-device", Integer.toString(config.devid()));
        frontend.put("device-type", kind);
        frontend.put("trusted", config.trusted() ? "1" : "0");
        Map<String, String> backend = new LinkedHashMap<>();
        backend.put("params", config.target());
        backend.put("dev", config.name());
        backend.put("type", "phy");
        backend.put("device-type", kind);
        backend.put("removable", "0");
        backend.put("bootable", "1");
        backend.put("hotplug-status", "connected");
        Map<String, String> settings = Map.of("params", config.target(), "dev", config.name(), "mode", mode);
        return new DeviceConfig(config.frontendDomid(), config.devid(), settings, frontend, backend);
    }

    @Override
    public BlockDevice open(DeviceConfig ignored) {
        try {
            BlockStore store = config.stores().get();
            return new BlockDevice(new Disk(store, config.readOnly(), config.options()), config.cdrom(), totals);
        } catch (StoreException e) {
            throw new DeviceException("disk " + config.name() + ": " + e.getMessage(), e);
        }
    }

    /** 32-bit guests align 64-bit fields otherwise. */
    @Override
    public Optional<SlotLayout> layout(String name) {
        return BlkifProtocol.X86_32.node().equals(name)
                ? Optional.of(new Layout(BlkifProtocol.X86_32))
                : BackendDriver.super.layout(name);
    }

    private record Layout(BlkifProtocol protocol) implements SlotLayout {
        @Override
        public int slotSize() {
            return protocol.slotSize();
        }

        @Override
        public void copyRequest(MemorySegment ring, long slot, MemorySegment request, long at) {
            protocol.copyRequest(ring, slot, request, at);
        }
    }
}
