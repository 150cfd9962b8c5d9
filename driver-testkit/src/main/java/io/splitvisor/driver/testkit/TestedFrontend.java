// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import io.splitvisor.driver.DeviceProtocol;
import io.splitvisor.driver.frontend.CallException;
import io.splitvisor.driver.frontend.FrontendDevice;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** A front end that is to be tried, whatever it exchanges. It may be written on the driver kit, or not. */
public interface TestedFrontend {
    /** What it speaks. */
    DeviceProtocol protocol();

    /** Begins to connect to a device, without waiting for anything. */
    Opened open(TestFrontendDomain domain, int devid);

    /** A front end that was opened. None of its methods waits. */
    interface Opened {
        /** Whether requests go to the back end. */
        boolean isConnected();

        /** Whether it has given up, and will not connect any more. */
        boolean isGone();

        /** Makes a request that succeeds with a back end that answers so. */
        Exchange submit();

        /** Takes responses that are there, as a thread that waits for one would, and asks for events. */
        void poll();

        /** Why it was not connected, or is not any more: what it would tell its user; empty if there is nothing to say. */
        String reason();

        /** Begins to disconnect: done when that is over. */
        CompletableFuture<Void> close();
    }

    /** A request that was made. */
    interface Exchange {
        /** Whether it is over. */
        boolean isDone();

        /** Whether it was answered with success. */
        boolean succeeded();
    }

    /** A request that could not be made. */
    record Refused() implements Exchange {
        @Override
        public boolean isDone() {
            return true;
        }

        @Override
        public boolean succeeded() {
            return false;
        }
    }

    /**
     * A front end of the kit that was opened: what is the same whatever it exchanges.
     *
     * @param log what it said
     */
    record KitDevice(TestFrontendDomain domain, FrontendDevice device, List<String> log) {
        private static final Duration PATIENCE = Duration.ofSeconds(5);

        boolean isConnected() {
            return device.isConnected();
        }

        boolean isGone() {
            CallException now = trouble();
            return now != null && now.kind() == CallException.Kind.GONE;
        }

        /** What somebody is told who wants it to be connected now; null if it is. */
        private CallException trouble() {
            try {
                device.awaitConnected(Duration.ZERO);
                return null;
            } catch (CallException e) {
                return e;
            }
        }

        String reason() {
            String error =
                    domain.store().readIfPresent("error/device/" + device.type() + '/' + device.devid() + "/error");
            if (error != null || !log.isEmpty()) {
                return error != null ? error : log.getLast();
            }
            CallException now = trouble();
            return now == null ? "" : now.getMessage();
        }

        CompletableFuture<Void> close() {
            return device.closeSoon(PATIENCE);
        }
    }
}
