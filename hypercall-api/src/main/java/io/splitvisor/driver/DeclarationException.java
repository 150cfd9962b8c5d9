// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver;

/**
 * A declaration that cannot be right. Its message names the structure or protocol and the field; as declarations are checked
 * when their class is initialised, it arrives as the cause of an {@link ExceptionInInitializerError}.
 */
public final class DeclarationException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final Problem problem;
    private final String where;
    private final String what;

    /** What is wrong. */
    public enum Problem {
        /** Not a name that C, or for features xenstore, accepts. */
        BAD_NAME,
        /** A name that the framework's own nodes have. */
        RESERVED_NAME,
        /** Two fields, operations, alternatives or features with one name or one number. */
        DUPLICATE,
        /** A field starts within another. */
        OVERLAP,
        /** A field does not start at a multiple of its alignment, and the structure is not packed. */
        MISALIGNED,
        /** An offset, count, size or limit outside what is possible. */
        OUT_OF_RANGE,
        /** A structure without fields, or a builder used after its end. */
        INCOMPLETE,
        /** A field that is not one of the structure in whose name it is used. */
        FOREIGN_FIELD,
        /** A protocol without request, response or the id that ties one to the other. */
        MISSING,
        /** Two fields that have to be alike, or lie at the same place, and do not. */
        MISMATCH
    }

    /**
     * @param problem what is wrong
     * @param where C name of the structure, or type of the protocol
     * @param what name of the field, operation or feature
     * @param detail a phrase that goes on from "structure.field: "
     */
    public DeclarationException(Problem problem, String where, String what, String detail) {
        super(where + (what.isEmpty() ? "" : "." + what) + ": " + detail);
        this.problem = problem;
        this.where = where;
        this.what = what;
    }

    /** What is wrong. */
    public Problem problem() {
        return problem;
    }

    /** C name of the structure, or type of the protocol. */
    public String where() {
        return where;
    }

    /** Name of the field, operation or feature; empty if the whole is meant. */
    public String what() {
        return what;
    }
}
