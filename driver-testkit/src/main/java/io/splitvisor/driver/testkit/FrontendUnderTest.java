// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import io.splitvisor.driver.Protocol;
import io.splitvisor.driver.frontend.Call;
import io.splitvisor.driver.frontend.CallException;
import io.splitvisor.driver.frontend.Frontend;
import io.splitvisor.driver.frontend.FrontendSettings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import java.util.function.Supplier;

/** A front end that the conformance kit is to try. It may be written on the driver kit, or not. */
public interface FrontendUnderTest {
    /** What it speaks. */
    Protocol protocol();

    /** Begins to connect to a device, without waiting for anything. */
    Opened open(TestFrontendDomain domain, int devid);

    /** Writes what a back end of this type has to say besides what is declared as its offer. */
    default void prepare(MockBackend backend) {}

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

    /**
     * A front end of the kit.
     *
     * @param settings made anew for each
     * @param sample completes a call so that it can succeed
     */
    static FrontendUnderTest of(
            Protocol protocol, Supplier<FrontendSettings> settings, BiConsumer<Frontend, Call> sample) {
        return new KitFrontend(protocol, settings, sample);
    }

    /** A front end of the kit. */
    record KitFrontend(Protocol protocol, Supplier<FrontendSettings> settings, BiConsumer<Frontend, Call> sample)
            implements FrontendUnderTest {
        @Override
        public Opened open(TestFrontendDomain domain, int devid) {
            List<String> log = new ArrayList<>();
            Frontend frontend =
                    Frontend.open(domain, protocol, devid, settings.get().log(log::add));
            return new KitOpened(domain, frontend, sample, log);
        }
    }

    /** A front end of the kit that was opened. */
    record KitOpened(TestFrontendDomain domain, Frontend frontend, BiConsumer<Frontend, Call> sample, List<String> log)
            implements Opened {
        private static final Duration PATIENCE = Duration.ofSeconds(5);

        @Override
        public boolean isConnected() {
            return frontend.isConnected();
        }

        @Override
        public boolean isGone() {
            CallException now = trouble();
            return now != null && now.kind() == CallException.Kind.GONE;
        }

        /** What somebody is told who wants it to be connected now; null if it is. */
        private CallException trouble() {
            try {
                frontend.awaitConnected(Duration.ZERO);
                return null;
            } catch (CallException e) {
                return e;
            }
        }

        @Override
        public Exchange submit() {
            Call call = frontend.call();
            sample.accept(frontend, call);
            try {
                call.submit();
            } catch (CallException e) {
                return new Refused();
            }
            return new Made(call);
        }

        @Override
        public void poll() {
            for (int i = 0; i < frontend.queues(); i++) {
                frontend.queue(i).poll();
            }
        }

        @Override
        public String reason() {
            String error =
                    domain.store().readIfPresent("error/device/" + frontend.type() + '/' + frontend.devid() + "/error");
            if (error != null || !log.isEmpty()) {
                return error != null ? error : log.getLast();
            }
            CallException now = trouble();
            return now == null ? "" : now.getMessage();
        }

        @Override
        public CompletableFuture<Void> close() {
            return frontend.closeSoon(PATIENCE);
        }
    }

    /** A call of the kit. */
    record Made(Call call) implements Exchange {
        @Override
        public boolean isDone() {
            return call.isDone();
        }

        @Override
        public boolean succeeded() {
            return call.isDone() && call.succeeded();
        }
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
}
