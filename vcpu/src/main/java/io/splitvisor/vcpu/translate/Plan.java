// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.translate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The blocks of a region, the entry first, how they hang together, and the kinds of the flags between them. */
public final class Plan {
    /** More return sites and targets than that are not compared one by one. */
    private static final int MOST_COMPARED = 8;

    private static final int UNREACHED = -1;

    private final List<Part> parts;
    private final Map<Long, Integer> byDelta = new HashMap<>();
    private final List<Long> returnSites = new ArrayList<>();
    private final int[] kinds;

    /** A plan of at least one block. */
    public Plan(List<Part> parts) {
        this.parts = List.copyOf(parts);
        for (int n = 0; n < parts.size(); n++) {
            byDelta.put(parts.get(n).delta(), n);
        }
        for (Part part : parts) {
            if (part.isCall() && byDelta.containsKey(part.next())) {
                returnSites.add(part.next());
            }
        }
        kinds = new int[parts.size()];
        findKinds();
    }

    /** Without its last blocks, or null if there is only one. */
    Plan shorter() {
        return parts.size() == 1 ? null : new Plan(parts.subList(0, parts.size() / 2));
    }

    List<Part> parts() {
        return parts;
    }

    /** The kind of the flags where a block starts. */
    int kindAt(int part) {
        return kinds[part];
    }

    /** The index of the block at a place, or null. */
    Integer at(long delta) {
        return byDelta.get(delta);
    }

    /** Places in the region that a computed jump or return is compared with. */
    List<Long> compared(Part part) {
        Set<Long> all = new LinkedHashSet<>();
        for (Long seen : part.observed()) {
            if (byDelta.containsKey(seen)) {
                all.add(seen);
            }
        }
        if (part.ending() == Part.Ending.RETURN) {
            all.addAll(returnSites);
        }
        return all.stream().limit(MOST_COMPARED).toList();
    }

    private void findKinds() {
        Arrays.fill(kinds, UNREACHED);
        kinds[0] = FlagKind.CANONICAL;
        boolean changed = true;
        while (changed) {
            changed = false;
            for (int n = 0; n < kinds.length; n++) {
                if (kinds[n] != UNREACHED) {
                    changed |= spread(parts.get(n), behind(parts.get(n), kinds[n]));
                }
            }
        }
    }

    private boolean spread(Part part, int kind) {
        boolean changed = false;
        List<Long> targets = part.ending() == Part.Ending.RETURN || part.ending() == Part.Ending.COMPUTED_JUMP
                ? compared(part)
                : part.successors();
        for (Long target : targets) {
            Integer to = byDelta.get(target);
            if (to != null) {
                int met = kinds[to] == UNREACHED ? kind : FlagKind.meet(kinds[to], kind);
                changed |= met != kinds[to];
                kinds[to] = met;
            }
        }
        return changed;
    }

    /** The kind behind a block. */
    private static int behind(Part part, int before) {
        int kind = before;
        int straight =
                part.ending() == Part.Ending.NEXT ? part.count() : part.insns().size() - 1;
        for (int n = 0; n < straight; n++) {
            kind = Rules.of(part.insns().get(n)).after().kind(part.insns().get(n), kind);
        }
        return part.ending() == Part.Ending.BRANCH ? Rule.After.READ.kind(part.last(), kind) : kind;
    }

    /** Whether a block can be reached inside the region. */
    boolean isReached(int part) {
        return kinds[part] != UNREACHED;
    }
}
