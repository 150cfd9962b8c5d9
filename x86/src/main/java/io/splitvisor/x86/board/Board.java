// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.board;

import io.splitvisor.vcpu.Cpuid;
import io.splitvisor.vcpu.Tiers;
import io.splitvisor.vcpu.mmu.GuestMemory;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;

/** Memory, processors, and devices; from power-on until the kernel writes to the exit port or a processor shuts down. */
public final class Board {
    /** What {@link #run} returns after a triple fault. */
    public static final int SHUT_DOWN = 255;

    /** Memory that is reached like a device, where QEMU's test device has it. */
    private static final long DEVICE_MEMORY = 0xff00_0000L;

    private static final int DEVICE_MEMORY_BYTES = 0x1_0000;
    private static final int EXIT_PORT = 0xf4;
    private static final int STORAGE_PORT = 0xe0;
    /** A port for each interrupt line: what is written is its level. */
    private static final int LINES_PORT = 0x2000;

    private static final int LINES = 16;

    private final Configuration configuration;
    private final MemorySegment ram;
    private final Bus ports = new Bus();
    private final Bus addresses = new Bus();
    private final List<Processor> processors = new ArrayList<>();
    private final CompletableFuture<Integer> end = new CompletableFuture<>();
    private final ScheduledExecutorService timers = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("apic timers").factory());

    /**
     * A board.
     *
     * @param memory bytes, a multiple of the page size, below 3 GiB
     * @param processors how many
     * @param cpuid what they say of themselves; the board adds their numbers and their interrupt controllers
     * @param tiers how they execute
     * @param serial where the serial port prints
     */
    public record Configuration(long memory, int processors, Cpuid cpuid, Tiers tiers, PrintStream serial) {
        /** Checks the sizes. */
        public Configuration {
            if (memory < 2 << 20 || memory > 3L << 30 || memory % 4096 != 0 || processors < 1 || processors > 64) {
                throw new IllegalArgumentException(memory + " bytes, " + processors + " processors");
            }
        }
    }

    /** A board at power-on. */
    public Board(Configuration configuration) {
        this.configuration = configuration;
        this.ram = Arena.ofAuto().allocate(configuration.memory, 4096);
        GuestMemory flat = GuestMemory.flat(ram);
        GuestMemory memory = configuration.processors > 1 ? flat.shared() : flat;
        ports.attach(SerialPort.BASE, SerialPort.PORTS, new SerialPort(configuration.serial));
        ports.attach(
                FirmwareConfig.BASE,
                FirmwareConfig.PORTS,
                new FirmwareConfig(configuration.memory, configuration.processors));
        ports.attach(STORAGE_PORT, 4, new Storage(4));
        ports.attach(EXIT_PORT, 4, new ExitPort());
        addresses.attach(DEVICE_MEMORY, DEVICE_MEMORY_BYTES, new Storage(DEVICE_MEMORY_BYTES));
        for (int n = 0; n < configuration.processors; n++) {
            processors.add(new Processor(this, n, memory, new LocalApic(n, timers)));
        }
        Processor first = processors.getFirst();
        var pic = new Pic(ports, first::interrupt);
        first.apic().external(() -> ports.ask(pic::acknowledge));
        ports.attach(LINES_PORT, LINES, new Lines(pic));
    }

    private record Lines(Pic pic) implements Device {
        @Override
        public long read(int at, int size) {
            return 0;
        }

        @Override
        public void write(int at, int size, long value) {
            pic.line(at, (value & 1) != 0);
        }
    }

    private final class ExitPort implements Device {
        @Override
        public long read(int at, int size) {
            return 0;
        }

        @Override
        public void write(int at, int size, long value) {
            configuration.serial.flush();
            end((int) value << 1 | 1);
        }
    }

    /**
     * Boots a Multiboot kernel and runs it to its end.
     *
     * @param module a file for it, or null
     * @return what it wrote to the exit port, twice that and one, as with QEMU's; {@link #SHUT_DOWN} after a triple fault
     * @throws IOException if the kernel cannot be loaded
     */
    public int run(byte[] kernel, String commandLine, byte[] module) throws IOException {
        int entry = new MultibootKernel(ram).load(kernel, commandLine, module);
        processors.getFirst().enterKernel(entry);
        start(processors.getFirst());
        try {
            return end.join();
        } finally {
            timers.shutdownNow();
        }
    }

    Configuration configuration() {
        return configuration;
    }

    Bus ports() {
        return ports;
    }

    Bus addresses() {
        return addresses;
    }

    boolean isRunning() {
        return !end.isDone();
    }

    /** The board stops, with an exit code. */
    void end(int code) {
        end.complete(code & 0xff);
        processors.forEach(Processor::stop);
    }

    private void start(Processor processor) {
        Thread.ofPlatform().daemon().name("processor " + processor.number()).start(() -> {
            try {
                processor.run();
            } catch (RuntimeException | Error e) {
                end.completeExceptionally(e);
                throw e;
            }
        });
    }

    /** Delivers a message of an interrupt controller: SDM volume 3, 12.6.1. */
    void deliver(Processor from, long command) {
        int shorthand = (int) command >>> 18 & 3;
        boolean logical = (command & 1 << 11) != 0;
        int destination = (int) (command >>> 56);
        boolean lowest = ((int) command >>> 8 & 7) == Processor.LOWEST_PRIORITY;
        for (Processor to : processors) {
            boolean meant =
                    switch (shorthand) {
                        case 0 -> to.apic().isAddressed(logical, destination);
                        case 1 -> to == from;
                        case 2 -> true;
                        default -> to != from;
                    };
            if (meant) {
                if (to.receive((int) command)) {
                    start(to);
                }
                if (lowest) {
                    return;
                }
            }
        }
    }
}
