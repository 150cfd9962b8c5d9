// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.engine;

import io.splitvisor.vcpu.op.Op;
import java.util.ArrayList;
import java.util.List;

/** Instructions that are executed one after the other. All lie in one page, but for one that straddles two. */
final class Block {
    /** {@link #linear} of a block that was invalidated. Not a linear address that anybody looks up. */
    static final long NOWHERE = 1L << 62;

    /** More than that are not remembered. */
    private static final int MOST_FOLLOWERS = 6;

    final Op[] ops;
    /** Code size it was decoded for. */
    final int mode;
    /** Where it starts, in guest RAM. */
    final long offset;
    /** Bytes. */
    final int length;
    /** Where the second page of a straddling instruction starts in guest RAM, or -1. */
    final long secondPage;

    /** The linear address under which it was last found; see {@link #context}. */
    long linear = NOWHERE;
    /** The state of the TLB in which that was found out. */
    long context;
    /** Next in a chain of its {@link CodePage}. */
    Block next;
    /** Blocks that followed it lately; valid only as far as their {@link #linear} and {@link #context} say. */
    Block follower;

    /** See {@link #follower}. */
    Block otherFollower;

    /** Blocks that followed it, too, where it ends with a computed jump; see {@link #follower}. */
    private List<Block> otherFollowers = List.of();

    /** How often it was executed by the interpreter, or less if it is not worth a translation. */
    int heat;
    /** Whether a translation that starts here is being made. */
    boolean queued;
    /** The translations that start here, for different banks of the TLB; the one that was used last comes first. */
    Region region;
    /** Whether its code was overwritten. */
    boolean gone;
    /** Translations that contain it. */
    private List<Region> users = List.of();

    Block(Op[] ops, int mode, long offset, int length, long secondPage) {
        this.ops = ops;
        this.mode = mode;
        this.offset = offset;
        this.length = length;
        this.secondPage = secondPage;
    }

    /** Another block followed it than the two that did lately. */
    void follow(Block b) {
        if (otherFollower != null
                && otherFollowers.size() < MOST_FOLLOWERS
                && !otherFollowers.contains(otherFollower)) {
            if (otherFollowers.isEmpty()) {
                otherFollowers = new ArrayList<>(2);
            }
            otherFollowers.add(otherFollower);
        }
        otherFollower = follower;
        follower = b;
    }

    /** Blocks that are known to have followed it. */
    List<Block> followers() {
        List<Block> all = new ArrayList<>(otherFollowers);
        for (Block b : new Block[] {follower, otherFollower}) {
            if (b != null && !all.contains(b)) {
                all.add(b);
            }
        }
        return all;
    }

    /** A translation starts here. */
    void enter(Region added) {
        added.next = region;
        region = added;
    }

    /** No translation of these starts here any more. */
    void leave(Region removed) {
        if (region == removed) {
            region = removed.next;
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
        if (region.table == table) {
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
