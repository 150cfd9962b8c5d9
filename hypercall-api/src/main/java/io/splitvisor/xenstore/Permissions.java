// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.xenstore;

import java.util.ArrayList;
import java.util.List;

/**
 * Who may do what with a node. The owner may always do everything; the listed domains what their entry says; everybody
 * else {@code others}.
 *
 * @param owner a domain id
 * @param others what domains without an entry of their own may do
 * @param entries further domains, in the order given
 */
public record Permissions(int owner, Access others, List<Entry> entries) {
    /** What one domain may do: {@code n5}, {@code r5}, {@code w5}, {@code b5}. */
    public enum Access {
        NONE('n'),
        READ('r'),
        WRITE('w'),
        BOTH('b');

        private final char letter;

        Access(char letter) {
            this.letter = letter;
        }

        /** The protocol's letter. */
        public char letter() {
            return letter;
        }

        /** Whether reading is allowed. */
        public boolean reads() {
            return this == READ || this == BOTH;
        }

        /** Whether writing is allowed. */
        public boolean writes() {
            return this == WRITE || this == BOTH;
        }

        static Access of(char letter) {
            return switch (letter) {
                case 'n' -> NONE;
                case 'r' -> READ;
                case 'w' -> WRITE;
                case 'b' -> BOTH;
                default -> throw new IllegalArgumentException("no access is called '" + letter + "'");
            };
        }
    }

    /** One domain's access. */
    public record Entry(int domid, Access access) {
        /** Reads {@code r5}. */
        public static Entry parse(String text) {
            if (text.length() < 2) {
                throw new IllegalArgumentException("'" + text + "' is no permission");
            }
            Access access = Access.of(text.charAt(0));
            int domid = 0;
            for (int i = 1; i < text.length(); i++) {
                int digit = text.charAt(i) - '0';
                if (digit < 0 || digit > 9 || (domid = domid * 10 + digit) > 0xffff) {
                    throw new IllegalArgumentException("'" + text + "' has no domain id");
                }
            }
            return new Entry(domid, access);
        }

        @Override
        public String toString() {
            return Character.toString(access.letter).concat(Integer.toString(domid));
        }
    }

    public Permissions {
        entries = List.copyOf(entries);
    }

    /** A node of this owner, with {@code others} for everybody else. */
    public static Permissions of(int owner, Access others, Entry... entries) {
        return new Permissions(owner, others, List.of(entries));
    }

    /**
     * Reads {@code n0}, {@code r5}, and so on: the first is the owner and what others may do.
     *
     * @throws IllegalArgumentException if there is none, or one is malformed
     */
    public static Permissions parse(List<String> texts) {
        if (texts.isEmpty()) {
            throw new IllegalArgumentException("no permission at all");
        }
        Entry first = Entry.parse(texts.get(0));
        List<Entry> rest = new ArrayList<>(texts.size() - 1);
        for (int i = 1; i < texts.size(); i++) {
            rest.add(Entry.parse(texts.get(i)));
        }
        return new Permissions(first.domid, first.access, rest);
    }

    /** As the protocol writes it: {@code n0}, {@code r5}, ... */
    public List<String> texts() {
        List<String> texts = new ArrayList<>(entries.size() + 1);
        texts.add(new Entry(owner, others).toString());
        for (Entry entry : entries) {
            texts.add(entry.toString());
        }
        return texts;
    }

    /** Entries including the owner's. */
    public int count() {
        return entries.size() + 1;
    }

    /** The same with another owner. */
    public Permissions ownedBy(int domid) {
        return domid == owner ? this : new Permissions(domid, others, entries);
    }

    @Override
    public String toString() {
        return String.join(",", texts());
    }
}
