// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import io.splitvisor.driver.ByteProtocol;
import io.splitvisor.driver.frontend.ByteFrontend;
import io.splitvisor.driver.frontend.CallException;
import io.splitvisor.driver.frontend.FrontBytes;
import io.splitvisor.driver.frontend.FrontendSettings;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** A front end that exchanges bytes, and that the conformance kit is to try. A request is a few bytes that it writes. */
public interface ByteFrontendUnderTest extends TestedFrontend {
    @Override
    ByteProtocol protocol();

    @Override
    ByteOpened open(TestFrontendDomain domain, int devid);

    /** A front end that was opened. */
    interface ByteOpened extends Opened {
        /** All that has been read so far; reads what is there, and gives the room back. */
        byte[] read();
    }

    /**
     * A front end of the kit.
     *
     * @param settings made anew for each
     */
    static ByteFrontendUnderTest of(ByteProtocol protocol, Supplier<FrontendSettings> settings) {
        return new KitFrontend(protocol, settings);
    }

    /** A front end of the kit. */
    record KitFrontend(ByteProtocol protocol, Supplier<FrontendSettings> settings) implements ByteFrontendUnderTest {
        @Override
        public ByteOpened open(TestFrontendDomain domain, int devid) {
            List<String> log = new ArrayList<>();
            ByteFrontend frontend =
                    ByteFrontend.open(domain, protocol, devid, settings.get().log(log::add));
            return new KitOpened(new KitDevice(domain, frontend, log), frontend.bytes());
        }
    }

    /** A front end of the kit that was opened. */
    final class KitOpened implements ByteOpened {
        private final KitDevice device;
        private final FrontBytes bytes;
        private final List<Write> waiting = new ArrayList<>();
        private final ByteArrayOutputStream read = new ByteArrayOutputStream();
        private long written;
        private byte next;

        KitOpened(KitDevice device, FrontBytes bytes) {
            this.device = device;
            this.bytes = bytes;
        }

        @Override
        public boolean isConnected() {
            return device.isConnected();
        }

        @Override
        public boolean isGone() {
            return device.isGone();
        }

        @Override
        public Exchange submit() {
            Write write = new Write(this);
            waiting.add(write);
            poll();
            return write;
        }

        @Override
        public void poll() {
            while (!waiting.isEmpty() && waiting.getFirst().put()) {
                waiting.removeFirst();
            }
        }

        @Override
        public byte[] read() {
            byte[] some = new byte[64];
            for (int count = bytes.read(some, 0, some.length); count > 0; ) {
                read.write(some, 0, count);
                count = bytes.read(some, 0, some.length);
            }
            return read.toByteArray();
        }

        @Override
        public String reason() {
            return device.reason();
        }

        @Override
        public CompletableFuture<Void> close() {
            return device.close();
        }
    }

    /** A few bytes, which count up from one write to the next. Done when the back end has taken them. */
    final class Write implements Exchange {
        private static final int BYTES = 7;

        private final KitOpened by;
        private int done;
        private long end;
        private boolean refused;

        private Write(KitOpened by) {
            this.by = by;
        }

        /** Writes what there is room for; whether nothing is left to write. */
        private boolean put() {
            try {
                byte[] one = new byte[1];
                while (done < BYTES) {
                    one[0] = by.next;
                    if (by.bytes.write(one, 0, 1) == 0) {
                        return false;
                    }
                    by.next++;
                    done++;
                    end = ++by.written;
                }
            } catch (CallException e) {
                refused = true;
            }
            return true;
        }

        @Override
        public boolean isDone() {
            return refused || succeeded() || (by.isGone() && !by.isConnected());
        }

        @Override
        public boolean succeeded() {
            return done == BYTES && by.written - by.bytes.untaken() >= end;
        }
    }
}
