// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.memory;

/**
 * Types and type counts of machine pages, as Xen's {@code type_info}. One word a page, changed by compare-and-set: a page is
 * made a table under the lock of the domain's paging, but any thread may start to write to a granted page.
 *
 * <pre>
 *   bits 31-29  type     28 pinned   27 validated   26 partial   25-0 count
 * </pre>
 *
 * <p>A table whose count is not zero is validated, or partial: its validation, or the undoing of it, is under way, and the
 * one count belongs to that.
 */
public final class FrameTypes {
    /** Highest count. */
    public static final int MAX_COUNT = (1 << 26) - 1;

    private static final int COUNT = MAX_COUNT;
    private static final int PARTIAL = 1 << 26;
    private static final int VALIDATED = 1 << 27;
    private static final int PINNED = 1 << 28;
    private static final int TYPE_SHIFT = 29;

    /** How {@link #acquire} went. */
    public enum Acquired {
        /** It has another type, or the highest count. */
        REFUSED,
        /** It was validated before. */
        VALIDATED,
        /** It is to be validated. */
        FRESH,
        /** It is to be validated, and was writable until now: TLBs may still say so (row M14). */
        WAS_WRITABLE,
        /** Its validation is to be continued. */
        RESUMED
    }

    private final SparseInts words;

    /** Special pages are writable from the first: they never become tables. */
    FrameTypes(int ramPages) {
        int special = FrameType.WRITABLE.ordinal() << TYPE_SHIFT | VALIDATED | 1;
        this.words = new SparseInts(machine -> machine < ramPages ? 0 : special);
    }

    /** As what a page is used; what it was used as last, if its count is 0. */
    public FrameType type(int machine) {
        return FrameType.of(words.get(machine) >>> TYPE_SHIFT);
    }

    /** How many use it so. */
    public int count(int machine) {
        return words.get(machine) & COUNT;
    }

    /** Whether the guest has pinned a table. */
    public boolean isPinned(int machine) {
        return (words.get(machine) & PINNED) != 0;
    }

    /** Whether a table is valid; any page that is written to is. */
    public boolean isValidated(int machine) {
        return (words.get(machine) & VALIDATED) != 0;
    }

    /** Whether a table's validation, or the undoing of it, has been interrupted. */
    public boolean isPartial(int machine) {
        return (words.get(machine) & PARTIAL) != 0;
    }

    /** Counts one more user that writes; false if the page is a table, or the count is at its highest. */
    public boolean getWritable(int machine) {
        while (true) {
            int word = words.get(machine);
            int count = word & COUNT;
            boolean fits = count == 0 || word >>> TYPE_SHIFT == FrameType.WRITABLE.ordinal();
            if (!fits || count == MAX_COUNT) {
                return false;
            }
            int next = FrameType.WRITABLE.ordinal() << TYPE_SHIFT | VALIDATED | count + 1;
            if (words.replace(machine, word, next)) {
                return true;
            }
        }
    }

    /** One user less that writes. The type stays until the page gets another. */
    public void putWritable(int machine) {
        while (true) {
            int word = words.get(machine);
            if ((word & COUNT) == 0 || word >>> TYPE_SHIFT != FrameType.WRITABLE.ordinal()) {
                throw new IllegalStateException("page " + machine + " is not written to");
            }
            if (words.replace(machine, word, word - 1)) {
                return;
            }
        }
    }

    /** Counts one more user of a page as a table. */
    public Acquired acquire(int machine, FrameType type) {
        while (true) {
            int word = words.get(machine);
            int count = word & COUNT;
            Acquired result;
            int next;
            if (count == 0) {
                boolean writable = word >>> TYPE_SHIFT == FrameType.WRITABLE.ordinal();
                result = writable ? Acquired.WAS_WRITABLE : Acquired.FRESH;
                next = type.ordinal() << TYPE_SHIFT | 1;
            } else if (word >>> TYPE_SHIFT != type.ordinal() || count == MAX_COUNT) {
                return Acquired.REFUSED;
            } else if ((word & VALIDATED) != 0) {
                result = Acquired.VALIDATED;
                next = word + 1;
            } else if ((word & PARTIAL) != 0) {
                result = Acquired.RESUMED;
                next = word & ~PARTIAL;
            } else {
                // Being validated just now, further up: it would contain itself.
                return Acquired.REFUSED;
            }
            if (words.replace(machine, word, next)) {
                return result;
            }
        }
    }

    /** A table is validated. */
    public void validated(int machine) {
        set(machine, VALIDATED);
    }

    /** A table's validation is interrupted. */
    public void partial(int machine) {
        set(machine, PARTIAL);
    }

    /**
     * One user less of a table.
     *
     * @return whether it was the last: then the table is partial, and its validation has to be undone
     */
    public boolean release(int machine) {
        while (true) {
            int word = words.get(machine);
            int count = word & COUNT;
            if (count == 0 || (word & VALIDATED) == 0) {
                throw new IllegalStateException("page " + machine + " is no table");
            }
            int next = count == 1 ? (word & ~VALIDATED) | PARTIAL : word - 1;
            if (words.replace(machine, word, next)) {
                return count == 1;
            }
        }
    }

    /** The validation of a table is undone: it has no type any more. */
    public void finish(int machine) {
        int word = words.get(machine);
        if ((word & COUNT) != 1 || (word & (VALIDATED | PINNED)) != 0) {
            throw new IllegalStateException("page " + machine + " is still used");
        }
        words.set(machine, 0);
    }

    /** Marks a table as pinned; false if it is already. */
    public boolean setPinned(int machine) {
        if (isPinned(machine)) {
            return false;
        }
        set(machine, PINNED);
        return true;
    }

    /** Takes the mark away; false if there is none. */
    public boolean clearPinned(int machine) {
        while (true) {
            int word = words.get(machine);
            if ((word & PINNED) == 0) {
                return false;
            }
            if (words.replace(machine, word, word & ~PINNED)) {
                return true;
            }
        }
    }

    private void set(int machine, int bits) {
        int word;
        do {
            word = words.get(machine);
        } while (!words.replace(machine, word, word | bits));
    }
}
