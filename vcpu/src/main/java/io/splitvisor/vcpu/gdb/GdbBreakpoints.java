// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.gdb;

import io.splitvisor.vcpu.Breakpoints;
import java.util.HashSet;
import java.util.Set;

/** What the debugger has inserted, which every processor gets, those too that come later. */
final class GdbBreakpoints {
    /** A packet's numbers: type 0 and 1 code, 2 stores, 3 loads, 4 both; kind is a length for data. */
    private record Point(int type, long address, long kind) {
        void insert(Breakpoints b) {
            if (type < 2) {
                b.add(address);
            } else {
                b.watch(address, kind, access());
            }
        }

        void remove(Breakpoints b) {
            if (type < 2) {
                b.remove(address);
            } else {
                b.unwatch(address, kind, access());
            }
        }

        private Breakpoints.Access access() {
            return switch (type) {
                case 2 -> Breakpoints.Access.WRITE;
                case 3 -> Breakpoints.Access.READ;
                default -> Breakpoints.Access.ANY;
            };
        }
    }

    private static final int TYPES = 5;

    private final Set<Point> points = new HashSet<>();

    /**
     * Answers {@code Z} and {@code z}.
     *
     * @return whether this type is known
     */
    boolean change(String packet, Iterable<GdbThread> threads) {
        String[] parts = packet.substring(1).split("[,;]", -1);
        var point = new Point((int) Hex.number(parts[0]), Hex.number(parts[1]), Hex.number(parts[2]));
        if (point.type >= TYPES) {
            return false;
        }
        boolean insert = packet.charAt(0) == 'Z';
        if (insert ? points.add(point) : points.remove(point)) {
            for (GdbThread t : threads) {
                if (insert) {
                    point.insert(t.vcpu().breakpoints());
                } else {
                    point.remove(t.vcpu().breakpoints());
                }
            }
        }
        return true;
    }

    boolean has(long address) {
        return points.stream().anyMatch(p -> p.type < 2 && p.address == address);
    }

    /** A processor comes. */
    void arm(GdbThread thread) {
        points.forEach(p -> p.insert(thread.vcpu().breakpoints()));
    }

    void removeAll(Iterable<GdbThread> threads) {
        for (GdbThread t : threads) {
            points.forEach(p -> p.remove(t.vcpu().breakpoints()));
        }
        points.clear();
    }
}
