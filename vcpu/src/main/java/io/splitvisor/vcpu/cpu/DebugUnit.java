// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.cpu;

import io.splitvisor.vcpu.mmu.DataWatch;
import io.splitvisor.vcpu.mmu.Tlb;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Breakpoints: the guest's in the debug registers (SDM volume 3, chapter 17.2), and the host's. As long as there are
 * none, they cost nothing: instruction breakpoints are looked for only while {@link #armed}, and pages with data
 * breakpoints have no tags in the TLB.
 */
public final class DebugUnit implements DataWatch {
    /** DR6: an access to a debug register while DR7.GD was set. */
    public static final long DR6_BD = 1 << 13;
    /** DR6: a single step. */
    public static final long DR6_BS = 1 << 14;
    /** DR6: a switch to a task that wants to be told. */
    public static final long DR6_BT = 1 << 15;
    /** DR7: accesses to debug registers raise #DB. */
    public static final long DR7_GD = 1 << 13;

    /** Whose a breakpoint is, if not a debug register's. */
    private static final int HOST = 4;

    private static final int ON_EXECUTE = 0;
    private static final int ON_WRITE = 1;
    private static final int ON_PORT = 2;
    private static final int ON_ACCESS = 3;
    private static final long PAGE = -4096L;

    /** Where an access is watched. */
    private record Watch(long linear, long size, int rights, int owner) {
        boolean touches(long at, int bytes, int access) {
            return (rights >>> access & 1) != 0 && at < linear + size && linear < at + bytes;
        }
    }

    private final Cpu c;
    private final List<Watch> hostWatches = new ArrayList<>();
    private final Runnable beforeHit;
    private long[] hostBreaks = {};
    private Watch[] watches = {};
    private Watch[] ports = {};
    private long[] addresses = {};
    private int[] owners = {};

    /** The next instruction does not meet breakpoints: EFLAGS.RF, or the host has seen them. */
    private boolean resume;

    private long traps;
    private boolean stepCancelled;
    private long hostAddress;
    private int hostAccess;
    private boolean hostHit;

    /**
     * @param beforeHit throws a restart if the instruction that accesses is not running alone
     */
    DebugUnit(Cpu c, Runnable beforeHit) {
        this.c = c;
        this.beforeHit = beforeHit;
    }

    /** Whether instruction breakpoints have to be looked for. */
    public boolean armed() {
        return addresses.length != 0;
    }

    /** Whether instructions of a page have to be executed one by one. */
    public boolean watchesCode(long linear) {
        for (long address : addresses) {
            if (((address ^ linear) & PAGE) == 0) {
                return true;
            }
        }
        return false;
    }

    /** What an instruction meets: bits of DR6, and bit 4 for a breakpoint of the host's. 0 if RF says so. */
    public int meets(long linear) {
        int met = 0;
        for (int i = 0; i < addresses.length && !resume; i++) {
            met |= addresses[i] == linear ? 1 << owners[i] : 0;
        }
        return met;
    }

    /** Whether {@link #meets} named one of the host's. */
    public static boolean isHost(int met) {
        return (met & 1 << HOST) != 0;
    }

    /** The next instruction meets no breakpoints. */
    public void resume(boolean value) {
        resume = value;
    }

    /** Puts conditions into DR6: those of breakpoints replace what was there, the others stay until they are cleared. */
    public void record(long conditions) {
        c.sys.dr[6] = c.sys.dr[6] & ~0xfL | conditions;
    }

    /** The instruction must be the only one that runs: it starts again, alone, if it is not. */
    void requireAlone() {
        beforeHit.run();
    }

    /** The instruction has taken TF away, and with it the single step that it would have been. */
    public void cancelStep() {
        stepCancelled = true;
    }

    /** Ends {@link #cancelStep}; tells whether it was called. */
    public boolean takeCancelledStep() {
        boolean taken = stepCancelled;
        stepCancelled = false;
        return taken;
    }

    /** SYSCALL and SYSRET: whether a step ends is told by TF as they leave it. */
    void stepByResult() {
        cancelStep();
        if ((c.flags & Eflags.TF) != 0) {
            trap(DR6_BS);
            c.attention = true;
        }
    }

    /** Adds conditions of DR6 to those that the end of the instruction raises. */
    public void trap(long conditions) {
        traps |= conditions;
    }

    /** Takes what {@link #trap} and the guest's data breakpoints have left. */
    public long takeTraps() {
        long taken = traps;
        traps = 0;
        return taken;
    }

    /** Forgets hits of an instruction that did not retire. */
    public void forget() {
        traps = 0;
        hostHit = false;
        stepCancelled = false;
    }

    /** Whether one of the host's data breakpoints was hit; takes the hit. */
    public boolean takeHostHit() {
        boolean hit = hostHit;
        hostHit = false;
        return hit;
    }

    /** Where the last of the host's hits was. */
    public long hostAddress() {
        return hostAddress;
    }

    /** Whether it was a store. */
    public boolean hostWrite() {
        return hostAccess == Tlb.WRITE;
    }

    /** Adds an instruction breakpoint of the host's. */
    public void add(long linear) {
        if (Arrays.stream(hostBreaks).noneMatch(a -> a == linear)) {
            hostBreaks = Arrays.copyOf(hostBreaks, hostBreaks.length + 1);
            hostBreaks[hostBreaks.length - 1] = linear;
            changed();
        }
    }

    /** Removes one. */
    public void remove(long linear) {
        hostBreaks = Arrays.stream(hostBreaks).filter(a -> a != linear).toArray();
        changed();
    }

    /**
     * Adds a data breakpoint of the host's.
     *
     * @param rights bits {@code 1 << Tlb.READ} and {@code 1 << Tlb.WRITE}
     */
    public void watch(long linear, long size, int rights) {
        hostWatches.add(new Watch(linear, size, rights, HOST));
        changed();
    }

    /** Removes one that is the same. */
    public void unwatch(long linear, long size, int rights) {
        hostWatches.remove(new Watch(linear, size, rights, HOST));
        changed();
    }

    /** The debug registers, or the host's breakpoints, have changed. */
    public void changed() {
        List<Watch> newWatches = new ArrayList<>(hostWatches);
        List<Watch> newPorts = new ArrayList<>();
        long[] newAddresses = Arrays.copyOf(hostBreaks, hostBreaks.length + HOST);
        int[] newOwners = new int[newAddresses.length];
        Arrays.fill(newOwners, HOST);
        int count = hostBreaks.length;
        long dr7 = c.sys.dr[7];
        for (int n = 0; n < HOST; n++) {
            if ((dr7 >>> 2 * n & 3) == 0) {
                continue;
            }
            int kind = (int) (dr7 >>> 16 + 4 * n) & 3;
            int size = size((int) (dr7 >>> 18 + 4 * n) & 3);
            long address = c.sys.dr[n];
            if (kind == ON_EXECUTE) {
                newAddresses[count] = address;
                newOwners[count++] = n;
            } else if (kind == ON_WRITE || kind == ON_ACCESS) {
                int rights = 1 << Tlb.WRITE | (kind == ON_ACCESS ? 1 << Tlb.READ : 0);
                newWatches.add(new Watch(address & -size, size, rights, n));
            } else if (kind == ON_PORT && (c.sys.cr4 & SystemRegisters.CR4_DE) != 0) {
                newPorts.add(new Watch(address & -size, size, 1 << Tlb.READ, n));
            }
        }
        addresses = Arrays.copyOf(newAddresses, count);
        owners = newOwners;
        watches = newWatches.toArray(Watch[]::new);
        ports = newPorts.toArray(Watch[]::new);
        c.attention = true;
        c.mmu.watch(watches.length == 0 ? null : this);
    }

    /** IN or OUT has accessed ports. */
    public void portAccessed(int port, int size) {
        for (Watch w : ports) {
            if (w.touches(port, size, Tlb.READ)) {
                traps |= 1L << w.owner;
                c.attention = true;
            }
        }
    }

    /** Whether a repetition has met something that comes before the next one. */
    public boolean hasHit() {
        return traps != 0 || hostHit;
    }

    private static int size(int encoded) {
        return switch (encoded) {
            case 0 -> 1;
            case 1 -> 2;
            case 2 -> 8;
            default -> 4;
        };
    }

    @Override
    public int hiddenRights(long linear) {
        int hidden = 0;
        long page = linear & PAGE;
        for (Watch w : watches) {
            if (page <= (w.linear + w.size - 1 & PAGE) && (w.linear & PAGE) <= page) {
                hidden |= w.rights;
            }
        }
        return hidden;
    }

    @Override
    public void accessed(long linear, int size, int access) {
        for (Watch w : watches) {
            if (w.touches(linear, size, access)) {
                beforeHit.run();
                if (w.owner == HOST) {
                    hostHit = true;
                    hostAddress = Math.max(linear, w.linear);
                    hostAccess = access;
                } else {
                    traps |= 1L << w.owner;
                }
                c.attention = true;
            }
        }
    }
}
