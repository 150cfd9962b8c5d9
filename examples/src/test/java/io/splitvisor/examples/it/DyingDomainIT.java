// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.paging.PagingMode;
import io.splitvisor.dom0.config.DomainConfig;
import io.splitvisor.dom0.config.PagingChoice;
import io.splitvisor.dom0.toolstack.CreateOptions;
import io.splitvisor.dom0.toolstack.Toolstack;
import io.splitvisor.dom0.toolstack.ToolstackException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.Test;

/** Whoever asks about a domain that is just being taken away hears that there is none, and nothing of closed memory. */
class DyingDomainIT {
    private static final int DOMAINS = 12;

    private final AtomicBoolean stop = new AtomicBoolean();
    private final AtomicInteger target = new AtomicInteger();
    private final Queue<RuntimeException> unexpected = new ConcurrentLinkedQueue<>();

    private Thread asking(IntConsumer question) {
        return Thread.ofPlatform().start(() -> {
            while (!stop.get()) {
                try {
                    question.accept(target.get());
                } catch (ToolstackException e) {
                    Thread.yield();
                } catch (RuntimeException e) {
                    unexpected.add(e);
                    return;
                }
            }
        });
    }

    @Test
    void shouldAnswerThatThereIsNoSuchDomain() throws InterruptedException {
        try (Dom0Fixture dom0 = new Dom0Fixture()) {
            Toolstack toolstack = dom0.toolstack();
            List<Thread> threads = new ArrayList<>();
            threads.add(asking(toolstack::paging));
            threads.add(asking(domid -> toolstack.pageWalk(domid, 0, 0x1000)));
            threads.add(asking(toolstack::hypercalls));
            threads.add(asking(toolstack::vcpuList));
            threads.add(asking(_ -> toolstack.list()));
            for (int i = 0; i < DOMAINS; i++) {
                // Its process does not get to run: there is nothing to wait for on either side.
                DomainConfig sleeper =
                        Dom0Fixture.exec("sleeper" + i, Path.of("/bin/sleep"), List.of(), "1000").toBuilder()
                                .paging(new PagingChoice(PagingMode.SHADOW, OptionalLong.empty(), true))
                                .build();
                int domid = toolstack.create(sleeper, CreateOptions.PAUSED);
                target.set(domid);
                toolstack.destroy(domid);
            }
            stop.set(true);
            for (Thread thread : threads) {
                thread.join();
            }
            assertThat(unexpected).isEmpty();
            assertThat(toolstack.list()).hasSize(1);
        }
    }
}
