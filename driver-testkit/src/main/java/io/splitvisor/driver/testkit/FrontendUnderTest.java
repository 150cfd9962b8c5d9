// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import io.splitvisor.driver.Protocol;
import io.splitvisor.driver.frontend.Call;
import io.splitvisor.driver.frontend.CallException;
import io.splitvisor.driver.frontend.Frontend;
import io.splitvisor.driver.frontend.FrontendSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import java.util.function.Supplier;

/** A front end that makes requests, and that the conformance kit is to try. */
public interface FrontendUnderTest extends TestedFrontend {
    @Override
    Protocol protocol();

    /** Writes what a back end of this type has to say besides what is declared as its offer. */
    default void prepare(MockBackend backend) {}

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
            return new KitOpened(new KitDevice(domain, frontend, log), frontend, sample);
        }
    }

    /** A front end of the kit that was opened. */
    record KitOpened(KitDevice device, Frontend frontend, BiConsumer<Frontend, Call> sample) implements Opened {
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
            return device.reason();
        }

        @Override
        public CompletableFuture<Void> close() {
            return device.close();
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
}
