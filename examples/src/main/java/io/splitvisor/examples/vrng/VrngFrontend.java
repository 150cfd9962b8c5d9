// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.vrng;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.splitvisor.driver.frontend.Call;
import io.splitvisor.driver.frontend.Frontend;
import io.splitvisor.driver.frontend.FrontendSettings;
import io.splitvisor.driver.frontend.SharedPages;
import io.splitvisor.frontend.FrontendDomain;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;

/** The front end: fills arrays with bytes from the host, several pages at a time. For one thread at a time. */
public final class VrngFrontend implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final Frontend device;
    private final Slot[] slots;

    /** A page, and the call that has it filled. */
    private record Slot(Call call, SharedPages page) {}

    /**
     * Connects to a device of this domain.
     *
     * @param depth requests in flight, at most
     */
    public VrngFrontend(FrontendDomain domain, int devid, int depth) {
        device = Frontend.open(domain, Vrng.PROTOCOL, devid, new FrontendSettings(), PATIENCE);
        slots = new Slot[depth];
        for (int i = 0; i < depth; i++) {
            SharedPages page = device.newPages(1);
            slots[i] = new Slot(device.call().page(Vrng.PAGE, page, 0), page);
        }
    }

    /** Fills an array with random bytes; waits where the domain has used up what it may have. */
    public void fill(byte[] bytes) {
        Deque<Slot> inFlight = new ArrayDeque<>();
        int asked = 0;
        int done = 0;
        while (done < bytes.length) {
            while (asked < bytes.length && inFlight.size() < slots.length) {
                Slot slot = slots[asked / Vrng.MOST_BYTES % slots.length];
                slot.call
                        .set(Vrng.LENGTH, Math.min(Vrng.MOST_BYTES, bytes.length - asked))
                        .submit();
                inFlight.add(slot);
                asked += Vrng.MOST_BYTES;
            }
            Slot oldest = inFlight.remove();
            oldest.call.await();
            int length = Math.min(Vrng.MOST_BYTES, bytes.length - done);
            MemorySegment.copy(oldest.page.segment(), JAVA_BYTE, 0, bytes, done, length);
            // What was random once is nobody's business in a page that may be shared again.
            oldest.page.segment().fill((byte) 0);
            done += length;
        }
    }

    @Override
    public void close() {
        device.close();
        for (Slot slot : slots) {
            slot.page.close();
        }
    }
}
