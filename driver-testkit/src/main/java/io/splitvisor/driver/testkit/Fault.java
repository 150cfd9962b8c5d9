// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import io.splitvisor.abi.io.XenbusState;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One thing that goes wrong. Its text is what {@link #parse} reads. Counts begin with 1. */
public sealed interface Fault {
    /** What may happen to a notification. */
    enum Mishap {
        /** It does not come. */
        DROP,
        /** It comes some steps later. */
        DELAY,
        /** It comes twice. */
        DUPLICATE,
        /** It comes, and finds the sender's index half written: the low half new, the high half garbage. */
        TEAR;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * A notification does not come as it was sent.
     *
     * @param nth of those to this end
     * @param to who should get it
     * @param steps how many later, for a delay
     */
    record Notification(Mishap mishap, int nth, End to, int steps) implements Fault {
        @Override
        public String toString() {
            return mishap + " notification " + nth + " to " + to + (mishap == Mishap.DELAY ? " by " + steps : "");
        }
    }

    /**
     * The front end takes a grant back just before the back end maps it.
     *
     * @param nth of the pages that are mapped
     */
    record RevokeGrant(int nth) implements Fault {
        @Override
        public String toString() {
            return "revoke grant " + nth;
        }
    }

    /**
     * A request fails where it is served. Only devices that ask {@link Machine#failsNow} know.
     *
     * @param nth of the requests
     */
    record FailRequest(int nth) implements Fault {
        @Override
        public String toString() {
            return "fail request " + nth;
        }
    }

    /**
     * An end is gone from one step to the next, without a word.
     *
     * @param restarts whether a new one takes its place
     * @param whose state decides
     * @param in the state
     */
    record Kill(End end, boolean restarts, End whose, XenbusState in) implements Fault {
        @Override
        public String toString() {
            return (restarts ? "restart " : "kill ") + end + when(whose, in);
        }
    }

    /**
     * A node has another value than it should.
     *
     * @param node in the end's folder
     * @param end in whose folder
     */
    record Garbage(String node, String value, End end, End whose, XenbusState in) implements Fault {
        @Override
        public String toString() {
            return "write '" + Quoting.quote(value) + "' to " + end + ' ' + node + when(whose, in);
        }
    }

    /**
     * Everything that an end does comes so much later.
     *
     * @param each a step
     */
    record Slow(End end, Duration each) implements Fault {
        @Override
        public String toString() {
            return "slow " + end + " by " + each;
        }
    }

    private static String when(End whose, XenbusState in) {
        return " when " + whose + " is " + in;
    }

    /**
     * Makes a fault from its text.
     *
     * @throws IllegalArgumentException if it is none
     */
    static Fault parse(String text) {
        for (Form form : Form.ALL) {
            Matcher matcher = form.pattern.matcher(text);
            if (matcher.matches()) {
                return form.make.apply(matcher);
            }
        }
        throw new IllegalArgumentException("no fault: " + text);
    }

    /** A kind of fault as text. */
    record Form(Pattern pattern, Function<Matcher, Fault> make) {
        private static final String WHEN = " when (front|back) is ([A-Z_]+)";

        static final List<Form> ALL = List.of(
                form(
                        "(drop|delay|duplicate|tear) notification (\\d+) to (front|back)(?: by (\\d+))?",
                        m -> new Notification(
                                Mishap.valueOf(m.group(1).toUpperCase(Locale.ROOT)),
                                number(m, 2),
                                end(m, 3),
                                m.group(4) == null ? 0 : number(m, 4))),
                form("revoke grant (\\d+)", m -> new RevokeGrant(number(m, 1))),
                form("fail request (\\d+)", m -> new FailRequest(number(m, 1))),
                form(
                        "(kill|restart) (front|back)" + WHEN,
                        m -> new Kill(end(m, 2), m.group(1).equals("restart"), end(m, 3), state(m, 4))),
                form(
                        "write '(.*)' to (front|back) (\\S+)" + WHEN,
                        m -> new Garbage(m.group(3), Quoting.unquote(m.group(1)), end(m, 2), end(m, 4), state(m, 5))),
                form("slow (front|back) by (\\S+)", m -> new Slow(end(m, 1), Duration.parse(m.group(2)))));

        private static Form form(String pattern, Function<Matcher, Fault> make) {
            return new Form(Pattern.compile(pattern), make);
        }

        private static int number(Matcher matcher, int group) {
            return Integer.parseInt(matcher.group(group));
        }

        private static End end(Matcher matcher, int group) {
            return End.valueOf(matcher.group(group).toUpperCase(Locale.ROOT));
        }

        private static XenbusState state(Matcher matcher, int group) {
            return XenbusState.valueOf(matcher.group(group));
        }
    }
}
