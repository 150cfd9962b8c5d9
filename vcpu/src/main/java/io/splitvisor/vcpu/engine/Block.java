// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.engine;

import io.splitvisor.vcpu.op.WordCode;
import java.util.ArrayList;
import java.util.List;

/**
 * What is known about a block besides its words: instructions that are executed one after the other. All lie in one page, but for one
 * that straddles two. What is looked at whenever it runs stands in its header in {@link WordCode}.
 */
final class Block {
    /** A block with this heat is never hot in any run that ends. */
    static final int COLD = Integer.MIN_VALUE;

    /** More than that are not remembered. */
    private static final int MOST_FOLLOWERS = 8;

    private final WordCode code;
    /** Its index among the words. */
    final int index;
    /** Code size it was decoded for. */
    final int mode;
    /** Where it starts, in guest RAM. */
    final long offset;
    /** Bytes. */
    final int length;
    /** Where the second page of a straddling instruction starts in guest RAM, or -1. */
    final long secondPage;

    /** Next in a chain of its {@link CodePage}. */
    Block next;
    /** Blocks that have followed it; valid only as far as their headers say. */
    private List<Block> followers = List.of();

    /** Whether a translation that starts here is being made. */
    boolean queued;
    /** The translations that start here, for different banks of the TLB; the one that was used last comes first. */
    private Region region;
    /** Whether its code was overwritten. */
    boolean gone;

    private int headStart;
    /** Translations that contain it. */
    private List<Region> users = List.of();

    Block(WordCode code, int index, int mode, long offset, int length, long secondPage) {
        this.code = code;
        this.index = index;
        this.mode = mode;
        this.offset = offset;
        this.length = length;
        this.secondPage = secondPage;
    }

    /** Instructions. */
    int count() {
        return code.count(index);
    }

    /** It is treated as if it had been executed so often already. */
    void headStart(int executions) {
        headStart = executions;
        heat(executions);
    }

    /** How often it was executed, or less if it is not worth a translation. */
    int executions() {
        return heat() < 0 ? heat() : Math.max(0, heat() - headStart);
    }

    /** How often it was executed by the interpreter, with its {@link #headStart}, or less if it is not worth a translation. */
    int heat() {
        return (int) (code.words()[index + WordCode.SHAPE] >>> 32);
    }

    void heat(int value) {
        long[] words = code.words();
        words[index + WordCode.SHAPE] = (long) value << 32 | (words[index + WordCode.SHAPE] & 0xffff_ffffL);
    }

    /** It is not worth a translation. */
    void cool() {
        heat(COLD);
    }

    private boolean isCool() {
        return heat() < COLD / 2;
    }

    /** A translation has it: it needs one of its own only if it is executed so often all the same, and more. */
    void cover(int executions) {
        heat(-executions);
    }

    /** Whether a translation starts here or {@linkplain #cover covers} it. */
    boolean isCovered() {
        return region != null || (heat() < 0 && !isCool());
    }

    /**
     * Whether it is to be translated for a bank of the TLB for which it was not yet.
     *
     * @param needed how hot it has to be if it was translated for none
     */
    boolean isRipe(long needed) {
        return !queued && (region != null ? !isCool() : heat() >= needed);
    }

    /** The linear address under which it was last found, or {@link WordCode#NOWHERE}. */
    long linear() {
        return code.words()[index + WordCode.LINEAR];
    }

    /** It was found at a linear address, in a state of the TLB. */
    void foundAt(long linear, long context) {
        code.words()[index + WordCode.LINEAR] = linear;
        code.words()[index + WordCode.CONTEXT] = context;
    }

    /** Another block followed it than the one that did lately. */
    void follow(Block b) {
        if (followers.size() < MOST_FOLLOWERS && !followers.contains(b)) {
            if (followers.isEmpty()) {
                followers = new ArrayList<>(2);
            }
            followers.add(b);
        }
    }

    /** Blocks that are known to have followed it. */
    List<Block> followers() {
        return followers;
    }

    /** The header shows whether a translation starts here. */
    private void mark() {
        long[] words = code.words();
        long shape = words[index + WordCode.SHAPE];
        words[index + WordCode.SHAPE] = region == null ? shape & ~WordCode.MARK : shape | WordCode.MARK;
    }

    /** A translation starts here. */
    void enter(Region added) {
        added.next = region;
        region = added;
        mark();
    }

    /** No translation of these starts here any more. */
    void leave(Region removed) {
        if (region == removed) {
            region = removed.next;
            mark();
            return;
        }
        for (Region r = region; r != null; r = r.next) {
            if (r.next == removed) {
                r.next = removed.next;
            }
        }
    }

    /** The translation that starts here and looks up a bank of the TLB, or null. */
    Region regionFor(long[] table) {
        if (region == null || region.table == table) {
            return region;
        }
        for (Region r = region.next; r != null; r = r.next) {
            if (r.table == table) {
                leave(r);
                enter(r);
                return r;
            }
        }
        return null;
    }

    List<Region> users() {
        return users;
    }

    void addUser(Region region) {
        if (users.isEmpty()) {
            users = new ArrayList<>(2);
        }
        users.add(region);
    }

    void removeUser(Region region) {
        users.remove(region);
    }

    boolean overlaps(long from, long to) {
        if (secondPage < 0) {
            return offset < to && from < offset + length;
        }
        long inFirst = 4096 - (offset & 4095);
        return (offset < to && from < offset + inFirst) || (secondPage < to && from < secondPage + length - inFirst);
    }
}
