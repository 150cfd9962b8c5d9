// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.xenbus;

import java.time.Duration;
import java.util.Optional;

/**
 * What one end of a device waits for. Each end says so in its folder, in the node {@code waiting}; without the node it waits
 * for nothing.
 *
 * @param what as a sentence goes on after "waits for"
 * @param sinceMillis since when, in milliseconds since 1970 by the clock of the domain that waits
 * @param limit after which it does not wait any longer; zero if it waits for as long as it takes
 */
public record Wait(String what, long sinceMillis, Duration limit) {
    /** The node's name. */
    public static final String NODE = "waiting";

    private static final int LONGEST = 300;

    /** As it stands in the node: {@code SINCE LIMIT-IN-MILLIS WHAT}. */
    public String text() {
        return sinceMillis + " " + limit.toMillis() + " " + what;
    }

    /** What a node says; empty if that is nothing that an end would write. It may be any domain's words. */
    public static Optional<Wait> parse(String text) {
        if (text == null || text.length() > LONGEST) {
            return Optional.empty();
        }
        String[] words = text.split(" ", 3);
        if (words.length < 3 || !words[0].matches("[0-9]{1,18}") || !words[1].matches("[0-9]{1,12}")) {
            return Optional.empty();
        }
        String what = words[2].replaceAll("[^ -~]", "?");
        return Optional.of(new Wait(what, Long.parseLong(words[0]), Duration.ofMillis(Long.parseLong(words[1]))));
    }
}
