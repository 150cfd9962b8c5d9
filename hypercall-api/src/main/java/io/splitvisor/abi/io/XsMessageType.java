// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.io;

import java.util.Arrays;

/** Types of xenstore messages (io/xs_wire.h, {@code enum xsd_sockmsg_type}). Number 20 is a hole. */
public enum XsMessageType {
    /** Commands to xenstored itself. */
    CONTROL(0),
    /** Children of a node. */
    DIRECTORY(1),
    /** Value of a node. */
    READ(2),
    /** Permissions of a node. */
    GET_PERMS(3),
    /** Sets a watch. */
    WATCH(4),
    /** Removes a watch. */
    UNWATCH(5),
    /** Begins a transaction. */
    TRANSACTION_START(6),
    /** Commits or aborts a transaction. */
    TRANSACTION_END(7),
    /** Privileged: a domain with its ring and event channel. */
    INTRODUCE(8),
    /** Privileged: a domain goes. */
    RELEASE(9),
    /** A domain's home. */
    GET_DOMAIN_PATH(10),
    /** Sets the value of a node, creating it. */
    WRITE(11),
    /** Creates a node. */
    MKDIR(12),
    /** Removes a node and all below it. */
    RM(13),
    /** Sets permissions of a node. */
    SET_PERMS(14),
    /** From xenstored only: a watch fired. */
    WATCH_EVENT(15),
    /** From xenstored only: a request failed. */
    ERROR(16),
    /** Whether a domain is introduced. */
    IS_DOMAIN_INTRODUCED(17),
    /** Privileged: a domain continues after a suspend. */
    RESUME(18),
    /** Privileged: one domain gets the rights of another. */
    SET_TARGET(19),
    /** Removes all watches and transactions of the connection. */
    RESET_WATCHES(21),
    /** Children of a node, in pieces. */
    DIRECTORY_PART(22),
    /** Guaranteed to remain an invalid type; stands for every number that Xen does not define. */
    INVALID(0xffff);

    /** Types are numbered below this ({@code XS_TYPE_COUNT}). */
    public static final int TYPE_COUNT = 23;

    private static final XsMessageType[] BY_NUMBER = byNumber();

    private final int number;

    XsMessageType(int number) {
        this.number = number;
    }

    /** The number in {@code xsd_sockmsg.type}. */
    public int number() {
        return number;
    }

    /** The type with this number; {@link #INVALID} for a number that Xen does not define. */
    public static XsMessageType of(int number) {
        return number >= 0 && number < TYPE_COUNT ? BY_NUMBER[number] : INVALID;
    }

    private static XsMessageType[] byNumber() {
        XsMessageType[] result = new XsMessageType[TYPE_COUNT];
        Arrays.fill(result, INVALID);
        for (XsMessageType type : values()) {
            if (type != INVALID) {
                result[type.number] = type;
            }
        }
        return result;
    }
}
