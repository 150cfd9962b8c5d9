// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.cpu;

/** A segment register with the descriptor that is cached in it. */
public final class Segment {
    /** Descriptor bit: accessed. */
    public static final int ACCESSED = 1;
    /** Data: writable. Code: readable. */
    public static final int RW = 1 << 1;
    /** Data: expands down. Code: conforming. */
    public static final int EC = 1 << 2;
    /** Code, not data. */
    public static final int CODE = 1 << 3;
    /** Code or data, not a system descriptor. */
    public static final int S = 1 << 4;
    /** Present. */
    public static final int P = 1 << 7;
    /** 64-bit code. */
    public static final int L = 1 << 13;
    /** 32-bit code, or big stack. */
    public static final int DB = 1 << 14;
    /** The limit counts pages. */
    public static final int G = 1 << 15;
    /** Our own bit in the attributes: holds nothing that can be used. */
    public static final int UNUSABLE = 1 << 16;

    private int selector;
    private long base;
    private int limit;
    private int attributes = UNUSABLE;
    private long low;
    private long high = -1;
    private boolean readable;
    private boolean writable;

    /** The visible part. */
    public int selector() {
        return selector;
    }

    /** Changes the visible part only. */
    void selector(int value) {
        selector = value & 0xffff;
    }

    /** The base address. */
    public long base() {
        return base;
    }

    void base(long value) {
        base = value;
    }

    /** The limit in bytes, unsigned. */
    public int limit() {
        return limit;
    }

    /** Bits 40 to 55 of the descriptor (type, S, DPL, P, AVL, L, D/B, G), and {@link #UNUSABLE}. */
    public int attributes() {
        return attributes;
    }

    /** The descriptor's privilege level. */
    public int dpl() {
        return attributes >>> 5 & 3;
    }

    /** Whether an attribute bit is set. */
    public boolean has(int bit) {
        return (attributes & bit) != 0;
    }

    /**
     * Loads all parts.
     *
     * @param newLimit in bytes
     */
    public void load(int newSelector, long newBase, int newLimit, int newAttributes) {
        this.selector = newSelector & 0xffff;
        this.base = newBase;
        this.limit = newLimit;
        this.attributes = newAttributes;
        boolean usable = (newAttributes & UNUSABLE) == 0;
        boolean code = (newAttributes & CODE) != 0;
        this.readable = usable && (!code || (newAttributes & RW) != 0);
        this.writable = usable && !code && (newAttributes & RW) != 0;
        long unsigned = newLimit & 0xffff_ffffL;
        if (!code && (newAttributes & EC) != 0) {
            this.low = unsigned + 1;
            this.high = (newAttributes & DB) != 0 ? 0xffff_ffffL : 0xffffL;
        } else {
            this.low = 0;
            this.high = unsigned;
        }
    }

    /** Loads what a null selector leaves. */
    public void loadNull(int newSelector) {
        load(newSelector, 0, 0, UNUSABLE);
    }

    /** What a return to an outer ring does to segments that it must not see: they keep their base. */
    void makeUnusable() {
        load(0, base, limit, attributes | UNUSABLE);
    }

    /** Whether {@code size} bytes at an offset may be accessed in this way, outside 64-bit mode. */
    boolean allows(long offset, int size, boolean write) {
        return (write ? writable : readable) && offset >= low && offset + size - 1 <= high;
    }

    /** Whether code at an offset may be fetched. */
    public boolean covers(long offset) {
        return offset <= (limit & 0xffff_ffffL);
    }
}
