// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.backend;

import io.splitvisor.abi.grant.GrantStatus;
import io.splitvisor.driver.Field;
import io.splitvisor.driver.Protocol;
import io.splitvisor.driver.Status;
import io.splitvisor.driver.Verdict;
import io.splitvisor.host.HostMemory;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.util.Arrays;
import java.util.Objects;

/** One of a queue's request objects. What it says about itself is under its queue's thread, unless it was given away. */
final class SlotRequest implements Request {
    private static final GrantedPage[] NO_PAGES = {};
    private static final int[] NO_TOKENS = {};

    private final BackQueue queue;
    private final int index;
    private final Protocol protocol;
    private final MemorySegment memory;
    private final MemorySegment response;

    // Where these two are: whoever has them from here does not pay for checks that they are still there.
    final long askedAt;
    private final long askedBytes;
    final long answerAt;
    final long answerBytes;

    private int[] tokens = NO_TOKENS;
    private GrantedPage[] views = NO_PAGES;
    private int pages;
    private Object attachment;
    private boolean failed;
    private long moved;

    /** Whether it stands for a request that has no response yet. */
    boolean taken;

    /** Whether a hook has been given it, and has not returned from that. */
    boolean inHook;

    /** Whether the hook that has it was done with it, and nothing is left but to answer when the hook returns. */
    boolean completed;

    /** What {@link BackQueue#post} was told: whether the request is to be answered, or to go on. */
    boolean resumed;

    /**
     * @param memory where requests are copied to
     * @param response where responses are made
     */
    SlotRequest(BackQueue queue, int index, Protocol protocol, MemorySegment memory, MemorySegment response) {
        this.queue = queue;
        this.index = index;
        this.protocol = protocol;
        this.memory = memory;
        this.response = response;
        this.askedAt = memory.address();
        this.askedBytes = memory.byteSize();
        this.answerAt = response.address();
        this.answerBytes = response.byteSize();
    }

    /** Begins to stand for the request that was copied to its memory, and answers whether it is one. */
    Verdict begin() {
        taken = true;
        completed = false;
        failed = false;
        moved = 0;
        return protocol.check(HostMemory.everything(), askedAt);
    }

    /** Puts the response into a slot. */
    void respond(long slot, long bytes) {
        protocol.repeat(HostMemory.everything(), askedAt, answerAt);
        HostMemory.copy(answerAt, slot, bytes);
    }

    /** Ends the use of the guest's pages. */
    void release(GrantPages grants) {
        for (int i = 0; i < pages; i++) {
            grants.release(tokens[i]);
        }
        pages = 0;
    }

    boolean hasFailed() {
        return failed;
    }

    long movedBytes() {
        return moved;
    }

    @Override
    public int queue() {
        return queue.index();
    }

    @Override
    public int index() {
        return index;
    }

    @Override
    public MemorySegment memory() {
        return memory;
    }

    @Override
    public MemorySegment response() {
        return response;
    }

    @Override
    public int get(Field.OfInt field) {
        try {
            return field.get(HostMemory.everything(), field.within(askedAt, askedBytes));
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    @Override
    public long get(Field.OfLong field) {
        try {
            return field.get(HostMemory.everything(), field.within(askedAt, askedBytes));
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    @Override
    public void set(Field.OfInt field, int value) {
        try {
            field.set(HostMemory.everything(), field.within(answerAt, answerBytes), value);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    @Override
    public void set(Field.OfLong field, long value) {
        try {
            field.set(HostMemory.everything(), field.within(answerAt, answerBytes), value);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    @Override
    public GrantedPage page(int gref, boolean writable) {
        int token = hold(gref, writable);
        if (token < 0) {
            throw RefusedException.PAGE;
        }
        int at = pages - 1;
        if (at >= views.length) {
            views = Arrays.copyOf(views, tokens.length);
        }
        if (views[at] == null) {
            views[at] = new PageView(at);
        }
        return views[at];
    }

    @Override
    public long map(int gref, boolean writable) {
        int token = hold(gref, writable);
        return token < 0 ? token : queue.grants().address(token);
    }

    /** Maps a page until the request is answered: a token, or a negative GNTST status. */
    private int hold(int gref, boolean writable) {
        int token = queue.grantsInHook().map(gref, writable);
        if (token >= 0) {
            if (pages == tokens.length) {
                tokens = Arrays.copyOf(tokens, Math.max(4, 2 * pages));
            }
            tokens[pages++] = token;
        }
        return token;
    }

    @Override
    public int copyFrom(int gref, long from, MemorySegment to, long at, long bytes) {
        Objects.checkFromIndexSize(from, bytes, GrantedPage.SIZE);
        GrantPages grants = queue.grantsInHook();
        int token = grants.map(gref, false);
        if (token < 0) {
            return token;
        }
        MemorySegment.copy(grants.memory(), grants.offset(token) + from, to, at, bytes);
        grants.release(token);
        return GrantStatus.OKAY;
    }

    @Override
    public void complete() {
        queue.complete(this);
    }

    @Override
    public void fail() {
        fail(declared().error());
    }

    @Override
    public void unsupported() {
        fail(declared().unsupported());
    }

    @Override
    public void fail(long value) {
        refuse(value);
        queue.complete(this);
    }

    /** Makes the response say that it failed. */
    void refuse(long value) {
        declared().field().write(response, 0, value);
        failed = true;
    }

    private Status declared() {
        return protocol.status().orElseThrow(() -> new IllegalStateException("the protocol declares no status"));
    }

    @Override
    public void resume() {
        queue.post(this, true);
    }

    @Override
    public boolean exclusive() {
        return queue.exclusive(this);
    }

    @Override
    public void moved(long bytes) {
        moved += bytes;
    }

    @Override
    public long batchTime() {
        return queue.batchTime();
    }

    @Override
    public void attach(Object with) {
        attachment = with;
    }

    @Override
    public Object attachment() {
        return attachment;
    }

    /** The page of one of this request's tokens; made once for each place. */
    private final class PageView implements GrantedPage {
        private final int at;

        private PageView(int at) {
            this.at = at;
        }

        /** Where the page is. A page that was given back is nowhere. */
        private long offset() {
            Objects.checkIndex(at, pages);
            return queue.grants().offset(tokens[at]);
        }

        @Override
        public MemorySegment segment() {
            return queue.grants().memory().asSlice(offset(), SIZE);
        }

        @Override
        public void read(long from, MemorySegment to, long toOffset, long bytes) {
            Objects.checkFromIndexSize(from, bytes, SIZE);
            MemorySegment.copy(queue.grants().memory(), offset() + from, to, toOffset, bytes);
        }

        @Override
        public void write(long to, MemorySegment from, long fromOffset, long bytes) {
            Objects.checkFromIndexSize(to, bytes, SIZE);
            MemorySegment.copy(from, fromOffset, queue.grants().memory(), offset() + to, bytes);
        }
    }
}
