// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.op;

import io.splitvisor.vcpu.cpu.Cpu;
import io.splitvisor.vcpu.decode.Insn;
import java.util.Arrays;

/**
 * Decoded blocks, one after the other in one array, in the order in which they were met: code that runs for the first time in a while is
 * then found by the host's prefetcher, where objects would each be a cache miss. A block is known by its index. It has a header of
 * {@value #HEADER} words, and then a {@link Word} an instruction. Indices stay, until everything is {@linkplain #clear cleared}.
 */
public final class WordCode {
    /** An index that is no block's. */
    public static final int NONE = 0;

    /** In a header, what stands for no linear address that anybody looks up. */
    public static final long NOWHERE = 1L << 62;

    /** Instructions in a block at most. */
    public static final int MOST_INSTRUCTIONS = 64;

    /** In a header: instructions in the low byte, then bytes, then {@link #MARK}; the upper half is for who runs it. */
    public static final int SHAPE = 0;
    /** In a header: the linear address under which it was last found, or {@link #NOWHERE}. */
    public static final int LINEAR = 1;
    /** In a header: the state of the TLB in which that was found out. */
    public static final int CONTEXT = 2;
    /**
     * In a header: the block that followed when the flow ran on, and above it that which followed elsewhere. A flow that a call has
     * left runs on when it returns.
     */
    public static final int FOLLOWERS = 3;

    /** In {@link #SHAPE}: one more in the upper half. */
    public static final long ONCE = 1L << 32;

    /** In {@link #SHAPE}: a mark for who runs it; makes the low half negative. */
    public static final long MARK = 0x8000_0000L;

    private static final int HEADER = 4;
    private static final int BYTES_SHIFT = 8;
    /** More words than that are too many: 64 MiB. */
    private static final int LIMIT = 8 << 20;
    /** Words of the largest block: two an instruction, and the end. */
    private static final int LARGEST = HEADER + 2 * MOST_INSTRUCTIONS + 1;

    /** {@link #side} of a flow that did not jump. */
    private static final int RAN_ON = 0;
    /** Calls that are remembered, by where their stack pointers were. */
    private static final int CALLERS = 1 << 8;

    private static final int ORDINAL_BITS = 6;
    /** What has the index 0, and is never found. */
    private static final int DUMMY = HEADER;

    private long[] words = new long[1 << 10];
    /** For each word where its instruction starts, in bytes from the start of the block, and which it is. */
    private short[] places = new short[1 << 10];

    private final int[] callers = new int[CALLERS];
    private Op[] ops = new Op[1 << 6];
    private int running = NONE;
    private int stopped;
    private int top = DUMMY;
    private int topOp;

    /** Of the block that is being made. */
    private int next;

    private int nextOp;
    private int count;
    private int place;
    private boolean ended;

    /** Without any block. */
    public WordCode() {
        words[LINEAR] = NOWHERE;
    }

    /** All words: for looking at headers. The array is another one after blocks were added. */
    public long[] words() {
        return words;
    }

    private static boolean isAt(Cpu c, long[] words, int block, long linear) {
        return words[block + LINEAR] == linear && words[block + CONTEXT] == c.mmu.context();
    }

    /** Whether a block was found at a linear address, in the present state of the TLB. */
    public boolean isAt(Cpu c, int block, long linear) {
        return isAt(c, words, block, linear);
    }

    /** In {@link #FOLLOWERS}, where to find what followed when a block was left as it is left now: 0 or 32. */
    private static int side(Cpu c, long[] words, int block) {
        long jumped = c.rip - words[block + LINEAR] - bytes(words[block + SHAPE]);
        // Not a jump of the host's, which it would have to predict as the guest's would have been.
        return (int) ((jumped | -jumped) >>> 63) << 5;
    }

    /** In 64-bit code, the block to execute after another one, if it is what followed last time on the same way; else none. */
    static int follower(Cpu c, long[] words, int block) {
        int follower = (int) (words[block + FOLLOWERS] >>> side(c, words, block));
        return isAt(c, words, follower, c.rip) ? follower : NONE;
    }

    /** In 64-bit code, the block to execute after another one, or after the call that it returned from, if that is known; else none. */
    public int follower(Cpu c, int block) {
        int follower = follower(c, words, block);
        return follower == NONE ? follower(c, words, caller(c)) : follower;
    }

    /** The running block has called something. */
    void called(Cpu c) {
        callers[(int) (c.r[Cpu.RSP] >>> 3) & CALLERS - 1] = running;
    }

    /** The block whose call has pushed what was popped now, or another one. */
    int caller(Cpu c) {
        return callers[(int) (c.r[Cpu.RSP] - 8 >>> 3) & CALLERS - 1];
    }

    /** Notes what followed a block. */
    public void follow(Cpu c, int block, int follower) {
        follow(block, side(c, words, block), follower);
        int caller = caller(c);
        if (side(c, words, caller) == RAN_ON) {
            follow(caller, RAN_ON, follower);
        }
    }

    private void follow(int block, int side, int follower) {
        long other = words[block + FOLLOWERS] & ~(0xffff_ffffL << side);
        words[block + FOLLOWERS] = other | (long) follower << side;
    }

    /** The block that is executed, or was executed last. */
    public int running() {
        return running;
    }

    /** No block is executed. */
    public void stop() {
        running = NONE;
    }

    /** Whether so much is kept that it is time to {@link #clear}. */
    public boolean isFull() {
        return top >= LIMIT;
    }

    /** Forgets all blocks. */
    public void clear() {
        top = DUMMY;
        Arrays.fill(callers, NONE);
        Arrays.fill(ops, 0, topOp, null);
        topOp = 0;
    }

    /** Instructions in a block. */
    public int count(int block) {
        return (int) words[block + SHAPE] & 0xff;
    }

    /** Bytes of a block. */
    public static int bytes(long shape) {
        return (int) shape >>> BYTES_SHIFT & 0x7fff;
    }

    /**
     * Starts a block, in place of the last one if that was not {@linkplain #keep kept}.
     *
     * @return its index
     */
    public int start() {
        if (top + LARGEST > words.length) {
            words = Arrays.copyOf(words, 2 * words.length);
            places = Arrays.copyOf(places, words.length);
        }
        if (topOp + MOST_INSTRUCTIONS > ops.length) {
            ops = Arrays.copyOf(ops, 2 * ops.length);
        }
        next = top + HEADER;
        nextOp = topOp;
        count = 0;
        ended = false;
        return top;
    }

    /** Instructions of the block that was started. */
    public int size() {
        return count;
    }

    /**
     * Adds an instruction.
     *
     * @return whether it ends the block: nothing may follow
     */
    public boolean add(Insn i) {
        place = i.start() << ORDINAL_BITS | count;
        count++;
        ended = Lowerings.endsBlock(i);
        if (!Words.add(i, this)) {
            ops[nextOp] = Lowerings.lower(i);
            int kind = Lowerings.isNearCall(i) ? Word.CALL_OP : ended ? Word.LAST_OP : Word.OP;
            put(Word.of(kind, 0, Cpu.ZERO, 0, nextOp++));
        }
        return ended;
    }

    /** A word of the instruction that is being added. */
    void put(long word) {
        places[next] = (short) place;
        words[next++] = word;
    }

    /** Ends the block that was started. */
    public void finish(int bytes) {
        if (!ended) {
            put(Word.END);
        }
        pair();
        words[top + SHAPE] = count | bytes << BYTES_SHIFT;
        words[top + LINEAR] = NOWHERE;
        words[top + FOLLOWERS] = 0;
    }

    /** Pairs words. */
    private void pair() {
        int i = body(top);
        while (i + 1 < next) {
            int kind = Word.kind(words[i]);
            int together = Word.paired(kind, Word.kind(words[i + 1]));
            words[i] += together - kind;
            i += together != kind || Word.isLong(kind) ? 2 : 1;
        }
    }

    /** Keeps the block that was finished. */
    public void keep() {
        top = next;
        topOp = nextOp;
    }

    /** An operation that has no word. */
    Op op(long word) {
        return ops[(int) Word.number(word)];
    }

    /** The instruction with a word has faulted: brings the processor to where it was before that. */
    void fault(Cpu c, int block, long ipMask) {
        int faulted = places[stopped] & 0xffff;
        c.retired -= count(block) - (faulted & (1 << ORDINAL_BITS) - 1);
        c.rip = c.r[Cpu.BLOCK] + (faulted >>> ORDINAL_BITS) & ipMask;
    }

    void running(int block) {
        running = block;
    }

    /** Where the execution of a block has come to. */
    int stopped() {
        return stopped;
    }

    /** Goes on to the next word. */
    long following() {
        return words[++stopped];
    }

    void stopped(int at) {
        stopped = at;
    }

    /** The first word of a block's first instruction. */
    static int body(int block) {
        return block + HEADER;
    }
}
