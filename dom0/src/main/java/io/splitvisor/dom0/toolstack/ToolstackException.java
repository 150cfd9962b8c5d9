// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.toolstack;

import java.util.Locale;
import java.util.Objects;

/** A toolstack operation failed. The message is for the user; the kind is for programs. */
public final class ToolstackException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** What went wrong, with the exit code of the command line and the status of the management API. */
    public enum Kind {
        /** No domain has this name. */
        INVALID_DOMAIN(404),
        /** No domain has this domid. */
        NO_SUCH_DOMAIN(404),
        /** The domain has no such device. */
        NO_SUCH_DEVICE(404),
        /** The name, or the device, is taken. */
        EXISTS(409),
        /** The domain's state does not allow it: it is dying, it is Domain-0. */
        BAD_STATE(409),
        /** The request makes no sense: a bad name, a bad disk. */
        INVALID(400),
        /** The configuration is wrong. */
        BAD_CONFIG(400),
        /** A file or target cannot be opened. */
        TARGET(422),
        /** Not supported, or not yet. */
        NOT_SUPPORTED(501),
        /** A limit is reached: memory, domains, events. */
        NO_SPACE(507),
        /** It did not happen in time. */
        TIMEOUT(504),
        /** Dom0 is shutting down. */
        SHUTTING_DOWN(503),
        /** Anything else; a line in the log has the cause. */
        FAILED(500);

        private final int status;

        Kind(int status) {
            this.status = status;
        }

        /** The HTTP status of the management API. */
        public int status() {
            return status;
        }

        /** The exit code of the command line: xl has 1 for whatever fails. */
        public int exitCode() {
            return 1;
        }

        /** The word in JSON: {@code no-such-domain}. */
        public String word() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    private final Kind kind;

    /**
     * @param kind what went wrong
     * @param message what the user reads, without a trailing period
     */
    public ToolstackException(Kind kind, String message) {
        this(kind, message, null);
    }

    /**
     * @param kind what went wrong
     * @param message what the user reads, without a trailing period
     * @param cause why, or null
     */
    public ToolstackException(Kind kind, String message, Throwable cause) {
        super(message, cause);
        this.kind = Objects.requireNonNull(kind, "kind");
    }

    /** What went wrong. */
    public Kind kind() {
        return kind;
    }
}
