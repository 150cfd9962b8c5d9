// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.config;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What happens to a domain that has shut down: the values of {@code on_poweroff} and its like. */
public enum Action {
    /** The domain goes, and all that it held. */
    DESTROY,
    /** The domain goes, and a new one of the same configuration starts. */
    RESTART,
    /** The domain stays, renamed, and a new one of the same configuration starts. */
    RENAME_RESTART,
    /** The domain stays as it is, for inspection. */
    PRESERVE,
    /** Its memory is dumped to a file, then it goes. */
    COREDUMP_DESTROY,
    /** Its memory is dumped to a file, then it is restarted. */
    COREDUMP_RESTART,
    /** The domain's memory stays, its devices start over. */
    SOFT_RESET;

    /** The word in the configuration: {@code rename-restart}. */
    public String word() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** The action of a word, empty where there is none. */
    public static Optional<Action> of(String word) {
        return Arrays.stream(values())
                .filter(action -> action.word().equals(word))
                .findFirst();
    }

    /** All words, in Xen's order. */
    public static List<String> words() {
        return Arrays.stream(values()).map(Action::word).toList();
    }
}
