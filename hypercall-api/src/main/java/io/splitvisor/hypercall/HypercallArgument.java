// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.hypercall;

/**
 * What an operation's pointer points to.
 *
 * @param kind how the structure travels
 * @param structure its name in C; empty for none
 * @param size its bytes on x86-64; of one element for an array
 * @param word which of the call's six words is the pointer
 */
public record HypercallArgument(Kind kind, String structure, int size, int word) {
    /** How a structure travels between a guest and the monitor. */
    public enum Kind {
        /** There is none: everything is in the words. */
        NONE,
        /** The monitor reads it. */
        IN,
        /** The monitor writes it, if the call succeeds. */
        OUT,
        /** The monitor reads it and, if the call succeeds, writes it back. */
        IN_OUT,
        /** An array, read and written back element by element; the word after the pointer counts the elements. */
        ARRAY
    }

    private static final int AFTER_COMMAND = 1;

    static HypercallArgument none() {
        return new HypercallArgument(Kind.NONE, "", 0, 0);
    }

    static HypercallArgument in(String structure, int size) {
        return new HypercallArgument(Kind.IN, structure, size, AFTER_COMMAND);
    }

    static HypercallArgument out(String structure, int size) {
        return new HypercallArgument(Kind.OUT, structure, size, AFTER_COMMAND);
    }

    static HypercallArgument inOut(String structure, int size) {
        return new HypercallArgument(Kind.IN_OUT, structure, size, AFTER_COMMAND);
    }

    static HypercallArgument array(String structure, int size) {
        return new HypercallArgument(Kind.ARRAY, structure, size, AFTER_COMMAND);
    }

    /** The same with the pointer in another word. */
    HypercallArgument inWord(int index) {
        return new HypercallArgument(kind, structure, size, index);
    }
}
