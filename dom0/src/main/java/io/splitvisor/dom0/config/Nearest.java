// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.config;

import java.util.Collection;
import java.util.Optional;

/** Finds what someone probably meant. */
public final class Nearest {
    private Nearest() {}

    /**
     * The candidate with the least edit distance, empty where none is near: at most a third of the letters, and two, may
     * differ. Ties go to the first in alphabetical order, so that messages are stable.
     */
    public static Optional<String> to(String word, Collection<String> candidates) {
        String best = null;
        int least = Math.clamp(word.length() / 3, 1, 2) + 1;
        for (String candidate : candidates) {
            int distance = distance(word, candidate);
            if (distance < least || (distance == least && best != null && candidate.compareTo(best) < 0)) {
                least = distance;
                best = candidate;
            }
        }
        return Optional.ofNullable(best);
    }

    /** Insertions, deletions, replacements and swaps of neighbours between two words. */
    static int distance(String a, String b) {
        if (Math.abs(a.length() - b.length()) > 3) {
            return Integer.MAX_VALUE; // too far anyway, and keeps a hostile word from costing time
        }
        int[][] d = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            for (int j = 0; j <= b.length(); j++) {
                if (i == 0 || j == 0) {
                    d[i][j] = i + j;
                    continue;
                }
                int replace = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
                d[i][j] = Math.min(Math.min(d[i - 1][j], d[i][j - 1]) + 1, d[i - 1][j - 1] + replace);
                if (i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1)) {
                    d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1);
                }
            }
        }
        return d[a.length()][b.length()];
    }
}
