// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.frontend;

import io.splitvisor.driver.Access;
import io.splitvisor.driver.Field;
import io.splitvisor.driver.Place;
import io.splitvisor.driver.Protocol;
import io.splitvisor.driver.Status;
import io.splitvisor.host.HostMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * A request and its response: set its fields, submit it, wait for it or be told, read the response, and use it again.
 *
 * <pre>
 *   Call call = frontend.call();
 *   call.set(LENGTH, 3).page(PAGE, pages, 0).submit().await();
 *   int result = call.get(RESULT);
 * </pre>
 *
 * <p>Belongs to one thread at a time; from {@link #submit} until it is done, to its queue.
 */
public final class Call extends RingCall {
    private final Frontend frontend;
    private final Protocol protocol;
    private final MemorySegment request;
    private final MemorySegment response;

    // Where these two are: whoever has them from here does not pay for checks that they are still there.
    private final long askedAt;
    private final long askedBytes;
    private final long answerAt;
    private final long answerBytes;

    private final Status status;
    private final Place statusPlace;
    private final List<Shared> shared = new ArrayList<>(1);
    private Consumer<Call> whenDone;

    /** Under the queue's lock while the call is submitted. */
    private CompletableFuture<Call> future;

    /** A page that the request names. */
    private record Shared(SharedPages pages, int count, boolean readOnly) {}

    Call(Frontend frontend, Protocol protocol) {
        this.frontend = frontend;
        this.protocol = protocol;
        Arena arena = Arena.ofAuto();
        this.request = arena.allocate(protocol.slotSize(), Long.BYTES);
        this.response = arena.allocate(protocol.response().size(), Long.BYTES);
        this.askedAt = request.address();
        this.askedBytes = request.byteSize();
        this.answerAt = response.address();
        this.answerBytes = response.byteSize();
        this.status = protocol.status().orElse(null);
        this.statusPlace = status == null ? null : status.field().place();
    }

    /** The request, for structures within structures and arrays; it starts at 0. Its id is the framework's. */
    public MemorySegment request() {
        return request;
    }

    /** The response, once there is one; it starts at 0. The back end cannot change it any more. */
    public MemorySegment response() {
        return response;
    }

    /** Makes all fields of the request 0, and lets go of its pages. */
    public Call clear() {
        requireIdle();
        request.fill((byte) 0);
        shared.clear();
        return this;
    }

    /** Sets a field of the request. */
    public Call set(Field.OfInt field, int value) {
        try {
            field.set(HostMemory.everything(), field.within(askedAt, askedBytes), value);
        } finally {
            Reference.reachabilityFence(this);
        }
        return this;
    }

    /** Sets a field of the request. */
    public Call set(Field.OfLong field, long value) {
        try {
            field.set(HostMemory.everything(), field.within(askedAt, askedBytes), value);
        } finally {
            Reference.reachabilityFence(this);
        }
        return this;
    }

    /**
     * Names a page in the request, and grants it with the access that is declared when the call is made. The pages are the
     * call's until {@link #clear}.
     */
    public Call page(Field.Gref field, SharedPages pages, int index) {
        field.set(HostMemory.everything(), field.within(askedAt, askedBytes), pages.ref(index));
        return share(pages, index + 1, field.access() == Access.BACKEND_READS);
    }

    /** Grants the first pages of some when the call is made, for requests that name them themselves. */
    public Call share(SharedPages pages, int count, boolean readOnly) {
        requireIdle();
        if (pages.isLost()) {
            throw new IllegalStateException("the back end never gave the pages back");
        }
        shared.removeIf(other -> other.pages == pages);
        shared.add(new Shared(pages, count, readOnly));
        return this;
    }

    /** A field of the response; 32 unsigned bits keep their bits. */
    public int get(Field.OfInt field) {
        try {
            return field.get(HostMemory.everything(), field.within(answerAt, answerBytes));
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** A field of the response; 64 unsigned bits keep their bits. */
    public long get(Field.OfLong field) {
        try {
            return field.get(HostMemory.everything(), field.within(answerAt, answerBytes));
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /**
     * Whom to tell whenever it is done: the thread that found the response, which must not be kept long. He may submit the call again,
     * unless it failed because the device is gone: then it would fail again at once. Calls that are submitted from here are
     * published together, when all responses are taken that there are.
     */
    public Call onComplete(Consumer<Call> told) {
        requireIdle();
        whenDone = told;
        return this;
    }

    /** Makes the call on the calling thread's queue. What the ring has no room for waits in line. */
    public Call submit() {
        return submit(frontend.queue());
    }

    /** Makes the call on a queue. */
    public Call submit(FrontQueue queue) {
        future = null;
        queue.submit(this);
        return this;
    }

    /** As {@link #submit()}, unless too many calls wait in line already; whether it was made. */
    public boolean trySubmit() {
        future = null;
        return frontend.queue().trySubmit(this);
    }

    /**
     * Waits until it is done. Virtual threads are welcome.
     *
     * @throws CallException if it failed
     */
    public Call await() {
        awaitDone();
        check();
        return this;
    }

    /** Takes responses that are there; whether this call is done. */
    public boolean poll() {
        if (!isDone()) {
            queue().poll();
        }
        return isDone();
    }

    /** Done when the call is, with a {@link CallException} if it failed. For a call that was submitted. */
    public CompletableFuture<Call> future() {
        CompletableFuture<Call> made = new CompletableFuture<>();
        if (!queue().whileInFlight(this, () -> future = made)) {
            settle(made);
        }
        return made;
    }

    private void settle(CompletableFuture<Call> waiting) {
        try {
            check();
            waiting.complete(this);
        } catch (CallException e) {
            waiting.completeExceptionally(e);
        }
    }

    /** Whether it was answered, and with the declared status for success. */
    public boolean succeeded() {
        return outcome() == Outcome.ANSWERED
                && (status == null || statusPlace.read(HostMemory.everything(), answerAt) == status.okay());
    }

    private void check() {
        if (!succeeded()) {
            throw new CallException(kind(), frontend + ": the call failed: " + kind());
        }
    }

    private CallException.Kind kind() {
        return switch (outcome()) {
            case UNSUPPORTED -> CallException.Kind.UNSUPPORTED;
            case LOST -> CallException.Kind.LOST;
            case GONE -> CallException.Kind.GONE;
            case MISBEHAVED -> CallException.Kind.MISBEHAVED;
            case ANSWERED ->
                statusPlace.read(HostMemory.everything(), answerAt) == status.unsupported()
                        ? CallException.Kind.UNSUPPORTED
                        : CallException.Kind.FAILED;
        };
    }

    @Override
    void putAt(long slot, long slotBytes, Link link) {
        // The queue may be another device's.
        Objects.checkFromIndexSize(0, askedBytes, slotBytes);
        for (int i = 0; i < shared.size(); i++) {
            Shared page = shared.get(i);
            page.pages.grant(link, page.count, page.readOnly);
        }
        HostMemory.copy(askedAt, slot, askedBytes);
    }

    @Override
    boolean takeAt(long slot, long slotBytes) {
        Objects.checkFromIndexSize(0, answerBytes, slotBytes);
        HostMemory.copy(slot, answerAt, answerBytes);
        return protocol.isRepeated(HostMemory.everything(), askedAt, answerAt);
    }

    @Override
    protected void put(MemorySegment ring, long at, Link link) {
        putAt(ring.asSlice(at, askedBytes).address(), askedBytes, link);
    }

    @Override
    protected boolean take(MemorySegment ring, long at) {
        return takeAt(ring.asSlice(at, answerBytes).address(), answerBytes);
    }

    @Override
    protected boolean reclaim() {
        boolean all = true;
        for (int i = 0; i < shared.size(); i++) {
            all &= shared.get(i).pages.revoke();
        }
        return all;
    }

    @Override
    protected void lost() {
        for (int i = 0; i < shared.size(); i++) {
            shared.get(i).pages.abandon();
        }
    }

    @Override
    protected void completed() {
        if (future != null) {
            settle(future);
        }
        if (whenDone != null) {
            whenDone.accept(this);
        }
    }
}
