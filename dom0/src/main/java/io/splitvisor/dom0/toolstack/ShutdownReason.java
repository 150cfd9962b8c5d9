// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.toolstack;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** Why a domain shut down: Xen's {@code SHUTDOWN_*} (public/sched.h), in its order. */
public enum ShutdownReason {
    /** It is done. */
    POWEROFF(0, '-'),
    /** It wants to be started again. */
    REBOOT(1, 'r'),
    /** It was suspended. */
    SUSPEND(2, 's'),
    /** It crashed: said so itself, or its process died. */
    CRASH(3, 'c'),
    /** Its watchdog fired. */
    WATCHDOG(4, 'w'),
    /** It wants its devices to start over. */
    SOFT_RESET(5, 'S');

    private final int code;
    private final char letter;

    ShutdownReason(int code, char letter) {
        this.code = code;
        this.letter = letter;
    }

    /** Xen's number. */
    public int code() {
        return code;
    }

    /** The letter in the fifth column of {@code list}'s state. */
    public char letter() {
        return letter;
    }

    /** The word, as xenstore's {@code control/shutdown} has it: {@code poweroff}. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The reason of a word, empty where there is none. */
    public static Optional<ShutdownReason> of(String word) {
        return Arrays.stream(values())
                .filter(reason -> reason.word().equals(word))
                .findFirst();
    }
}
