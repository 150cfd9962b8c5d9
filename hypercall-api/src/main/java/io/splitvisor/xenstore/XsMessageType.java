// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.xenstore;

/** {@code enum xsd_sockmsg_type}: what a message asks or tells. Number 20 is a hole, once RESTRICT. */
public enum XsMessageType {
    CONTROL(0),
    DIRECTORY(1),
    READ(2),
    GET_PERMS(3),
    WATCH(4),
    UNWATCH(5),
    TRANSACTION_START(6),
    TRANSACTION_END(7),
    INTRODUCE(8),
    RELEASE(9),
    GET_DOMAIN_PATH(10),
    WRITE(11),
    MKDIR(12),
    RM(13),
    SET_PERMS(14),
    WATCH_EVENT(15),
    ERROR(16),
    IS_DOMAIN_INTRODUCED(17),
    RESUME(18),
    SET_TARGET(19),
    RESET_WATCHES(21),
    DIRECTORY_PART(22),
    GET_FEATURE(23),
    SET_FEATURE(24),
    GET_QUOTA(25),
    SET_QUOTA(26);

    private static final XsMessageType[] BY_CODE = byCode();

    private final int code;

    XsMessageType(int code) {
        this.code = code;
    }

    /** The number in the message's header. */
    public int code() {
        return code;
    }

    /** Whether it only asks, so that asking twice is like asking once; a transaction that nobody uses ends by itself. */
    boolean changesNothing() {
        return switch (this) {
            case DIRECTORY,
                    DIRECTORY_PART,
                    READ,
                    GET_PERMS,
                    GET_DOMAIN_PATH,
                    IS_DOMAIN_INTRODUCED,
                    GET_FEATURE,
                    GET_QUOTA,
                    TRANSACTION_START -> true;
            default -> false;
        };
    }

    /** The type with this number, unsigned; null where xs_wire.h has none. */
    public static XsMessageType of(int code) {
        return code >= 0 && code < BY_CODE.length ? BY_CODE[code] : null;
    }

    private static XsMessageType[] byCode() {
        XsMessageType[] all = values();
        XsMessageType[] table = new XsMessageType[all[all.length - 1].code + 1];
        for (XsMessageType type : all) {
            table[type.code] = type;
        }
        return table;
    }
}
