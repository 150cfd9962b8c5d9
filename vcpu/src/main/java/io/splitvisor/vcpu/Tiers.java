// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu;

/**
 * How a processor executes code.
 *
 * <p>Tier 0 interprets decoded blocks. Tier 1 translates hot 64-bit code to JVM bytecode, which the JVM compiles. What the guest
 * sees is the same, instruction counts included; where exactly a budget ends a run is not.
 *
 * @param threshold executions of a block after which it is translated, or {@link #NEVER}; of a long one fewer
 * @param background whether that happens on a thread of its own; otherwise the processor waits for it, which makes runs
 *     repeatable
 * @param ordered whether translated code keeps its accesses to memory in x86's order, as others can see it: other processors,
 *     devices. Costs little; to be switched off only where nobody else looks at guest memory while it runs
 */
public record Tiers(int threshold, boolean background, boolean ordered) {
    /** {@link #threshold}: no translation. */
    public static final int NEVER = Integer.MAX_VALUE;

    /** {@link #threshold}: all code, before it is executed for the first time. For tests. */
    public static final int EVERYTHING = 1;

    /**
     * To translate and compile a region takes the JVM's compilers as long as to interpret it some ten thousand times; what is
     * translated earlier keeps them from what is hotter, and knows less of where its branches go.
     */
    private static final int USUAL_THRESHOLD = 100_000;
    /** Instructions of a block for which the threshold is meant. */
    private static final int USUAL_LENGTH = 12;

    private static final int WAY_BACK = 32;
    /** Thresholds by which a block is behind the others if a region has it already. */
    private static final int COVERED = 3;
    /** Behind by more, it could not be told from a block that is not worth a translation. */
    private static final int MOST_COVERED = 1 << 29;
    /** Thresholds of runs after which a region is made again, as wide as it may be. */
    private static final int WIDENING = 64;

    /** Tier 0 only. */
    public static final Tiers INTERPRETER = new Tiers(NEVER, false, true);

    /** Both, as suits most guests. */
    public static final Tiers TRANSLATING = new Tiers(USUAL_THRESHOLD, true, true);

    /** Checks the threshold. */
    public Tiers {
        if (threshold < 1) {
            throw new IllegalArgumentException("a threshold of " + threshold);
        }
    }

    /** Both, with a threshold, translating at once: repeatable. */
    public static Tiers atOnce(int threshold) {
        return new Tiers(threshold, false, true);
    }

    /**
     * Blocks after a region was left in its middle that do not become hotter: it is entered again soon, and has been translated with
     * a better entry than where it happened to be left.
     */
    public int wayBack() {
        return threshold == EVERYTHING ? 0 : WAY_BACK;
    }

    /** Executions by which a block is behind the others because a region has it that was entered elsewhere. */
    public int covered() {
        return threshold == EVERYTHING ? 0 : (int) Math.min((long) COVERED * threshold, MOST_COVERED);
    }

    /** Runs after which a region is made once more, with blocks that other regions have. */
    public int widening() {
        return (int) Math.min((long) WIDENING * threshold, NEVER);
    }

    /** Executions by which a block is ahead of the others because each of them is worth as much as several of theirs. */
    public int headStart(int instructions) {
        return translates() ? threshold - threshold / Math.max(1, instructions / USUAL_LENGTH) : 0;
    }

    /** Whether tier 1 is there. */
    public boolean translates() {
        return threshold != NEVER;
    }

    /**
     * What tier 1 has done so far.
     *
     * @param translated regions that were translated
     * @param dropped regions that were dropped, because their code changed, a wider one took their place, or too many were there
     * @param instructions instructions that translated code has executed, of all that retired
     * @param live regions that are there now
     * @param failed regions that could not be translated because of a defect; the interpreter executes them
     * @param failure what the last of them threw, or null
     */
    public record Statistics(
            long translated, long dropped, long instructions, int live, long failed, Throwable failure) {}
}
