// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.console;

/** What happens to what is typed before the guest reads it, as with a terminal's line discipline (termios(3)). */
public enum InputMode {
    /** Whole lines, which can be edited until they end; shown as they are typed. How a console starts. */
    LINES,
    /** The same, but nothing is shown: for passwords. */
    HIDDEN_LINES,
    /** Every byte as it comes; nothing is shown, and nothing has a meaning. */
    RAW
}
