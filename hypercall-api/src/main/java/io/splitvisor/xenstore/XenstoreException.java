// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.xenstore;

/** A request that xenstored refused, or that got no answer ({@link XsError#EIO}: the connection is gone). */
public final class XenstoreException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final XsError error;
    private final String operation;
    private final String path;

    /**
     * @param operation what was asked, in the protocol's words: {@code READ}
     * @param path the node it was asked of, or what else tells where it went wrong
     */
    public XenstoreException(XsError error, String operation, String path) {
        this(error, operation, path, null);
    }

    /** As above, with what caused it. */
    public XenstoreException(XsError error, String operation, String path, Throwable cause) {
        super("xenstore " + operation + " " + path + ": " + error, cause);
        this.error = error;
        this.operation = operation;
        this.path = path;
    }

    /** Why. */
    public XsError error() {
        return error;
    }

    /** The request, for example {@code WRITE}. */
    public String operation() {
        return operation;
    }

    /** The path asked for, or what stands in for it. */
    public String path() {
        return path;
    }
}
