// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.loop;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.awaitility.Awaitility.await;

import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;

/** A loop under test. */
abstract class PollingLoopFixture {
    final PollingLoop loop = new PollingLoop("loop under test");

    @AfterEach
    void stop() {
        loop.close();
    }

    /** Does something in the loop, and waits until it is done. */
    void inLoop(Runnable task) {
        CountDownLatch done = new CountDownLatch(1);
        loop.execute(() -> {
            task.run();
            done.countDown();
        });
        await().atMost(10, SECONDS).until(() -> done.getCount() == 0);
    }
}
