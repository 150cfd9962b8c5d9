// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import io.splitvisor.abi.io.Blkif;
import io.splitvisor.abi.io.BlkifOp;
import io.splitvisor.abi.io.BlkifRequest;
import io.splitvisor.abi.io.BlkifRequestSegment;
import io.splitvisor.dom0.block.BlockBackend;
import io.splitvisor.dom0.block.BlockConfig;
import io.splitvisor.domu.block.BlockDevice;
import io.splitvisor.domu.block.BlockIo;
import io.splitvisor.domu.block.BlockSettings;
import io.splitvisor.driver.Protocol;
import io.splitvisor.driver.backend.BackendDevices;
import io.splitvisor.driver.frontend.CallException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** The built-in block pair as the conformance kit wants it. */
final class BlockUnderTest {
    private static final int SECTORS = 2048;

    private BlockUnderTest() {}

    static BackendUnderTest backend() {
        return new Backend();
    }

    static FrontendUnderTest frontend() {
        return new Front();
    }

    private static final class Backend implements BackendUnderTest {
        @Override
        public Protocol protocol() {
            return Blkif.PROTOCOL;
        }

        @Override
        public Attached attach(TestBackendDomain domain, int frontendDomid, int devid) {
            BackendDevices devices = new BackendDevices(domain, domain.store(), (_, _) -> {});
            BlockBackend backend = new BlockBackend(domain, domain.store(), devices);
            backend.attach(BlockConfig.of(frontendDomid, devid, "xvda", new TestDisk(SECTORS), false));
            return new Attached() {
                @Override
                public CompletableFuture<Void> detach(boolean force) {
                    return backend.detach(frontendDomid, devid, force);
                }

                @Override
                public CompletableFuture<Void> domainDied() {
                    return backend.domainDied(frontendDomid);
                }
            };
        }

        /** Reads a page. */
        @Override
        public void sample(Message request, MockFrontend frontend) {
            request.set(BlkifRequest.OPERATION, BlkifOp.READ).set(BlkifRequest.NR_SEGMENTS, 1);
            long segment = BlkifRequest.SEG.at(0, 0);
            BlkifRequestSegment.GREF.set(
                    request.bytes(), segment, frontend.shared().ref());
            BlkifRequestSegment.FIRST_SECT.set(request.bytes(), segment, 0);
            BlkifRequestSegment.LAST_SECT.set(request.bytes(), segment, 7);
        }
    }

    private static final class Front implements FrontendUnderTest {
        @Override
        public Protocol protocol() {
            return Blkif.PROTOCOL;
        }

        @Override
        public void prepare(MockBackend backend) {
            backend.write("sectors", SECTORS);
        }

        @Override
        public Opened open(TestFrontendDomain domain, int devid) {
            List<String> log = new ArrayList<>();
            return new Disk(domain, BlockDevice.begin(domain, devid, BlockSettings.defaults(), log::add), log);
        }
    }

    private record Disk(TestFrontendDomain domain, BlockDevice disk, List<String> log, List<Read> waiting)
            implements FrontendUnderTest.Opened {
        Disk(TestFrontendDomain domain, BlockDevice disk, List<String> log) {
            this(domain, disk, log, new ArrayList<>());
        }

        @Override
        public boolean isConnected() {
            return disk.frontend().isConnected();
        }

        @Override
        public boolean isGone() {
            CallException now = trouble();
            return now != null && now.kind() == CallException.Kind.GONE;
        }

        private CallException trouble() {
            try {
                disk.frontend().awaitConnected(Duration.ZERO);
                return null;
            } catch (CallException e) {
                return e;
            }
        }

        /** Before the disk has been connected, nobody knows how large a request may be: then it waits here. */
        @Override
        public FrontendUnderTest.Exchange submit() {
            Read read = new Read();
            waiting.add(read);
            poll();
            return read;
        }

        @Override
        public void poll() {
            if (disk.features() != null || isGone()) {
                waiting.forEach(read -> read.begin(disk));
                waiting.clear();
            }
            disk.queue().poll();
        }

        @Override
        public String reason() {
            String error = domain.store().readIfPresent("error/device/vbd/" + disk.devid() + "/error");
            if (error != null || !log.isEmpty()) {
                return error != null ? error : log.getLast();
            }
            CallException now = trouble();
            return now == null ? "" : now.getMessage();
        }

        @Override
        public CompletableFuture<Void> close() {
            return disk.frontend().closeSoon(Duration.ofSeconds(5));
        }
    }

    /** A read of a page. */
    private static final class Read implements FrontendUnderTest.Exchange {
        private BlockIo io;
        private boolean refused;

        void begin(BlockDevice disk) {
            if (disk.features() == null) {
                refused = true;
                return;
            }
            io = disk.newIo(1);
            disk.queue().submit(io.read(0, 4096));
        }

        @Override
        public boolean isDone() {
            return refused || (io != null && io.isDone());
        }

        @Override
        public boolean succeeded() {
            return io != null && io.isDone() && io.succeeded();
        }
    }
}
