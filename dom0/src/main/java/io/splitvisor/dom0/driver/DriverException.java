// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.driver;

/** A driver cannot be loaded. The message starts with the jar or folder. */
public final class DriverException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final Problem problem;

    /** What is wrong with it. */
    public enum Problem {
        /** There is no such file, or it is no jar. */
        UNREADABLE,
        /** No class in it is named as a back end. */
        NO_BACK_END,
        /** The class that is named as a back end is not there, is none, or its constructor or declaration throws. */
        BROKEN,
        /** It was compiled for a newer Java. */
        NEWER_JAVA,
        /** Two drivers of one device type. */
        DUPLICATE_TYPE
    }

    /**
     * @param where the jar or folder, as it was named
     * @param detail what is wrong, in words
     */
    DriverException(Problem problem, String where, String detail, Throwable cause) {
        super("driver " + where + ": " + detail, cause);
        this.problem = problem;
    }

    /** What is wrong. */
    public Problem problem() {
        return problem;
    }
}
