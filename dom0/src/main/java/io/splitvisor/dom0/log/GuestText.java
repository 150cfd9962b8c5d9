// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.log;

/** What a guest has written, on its way to the user's terminal. */
public final class GuestText {
    private GuestText() {}

    /** Control characters as dots, except tabs, so that a guest cannot steer the terminal; its own colours go, too. */
    public static String harmless(String raw) {
        var text = new StringBuilder(raw.length());
        String plain = raw.indexOf('\033') < 0 ? raw : raw.replaceAll("\033\\[[0-9;]*m", "");
        for (int i = 0; i < plain.length(); i++) {
            char c = plain.charAt(i);
            boolean bad =
                    (c < ' ' && c != '\t') || (c >= 127 && c < 160) || (c >= 0x202a && c <= 0x202e) || c == 0x2028;
            text.append(bad ? '.' : c);
        }
        return text.toString();
    }
}
