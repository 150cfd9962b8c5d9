// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.xenbus;

import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.io.XenbusState;
import io.splitvisor.xenstore.Xenstore;
import io.splitvisor.xenstore.XenstoreNodes;

/**
 * One end of a split device: a folder in xenstore. What stands in the other end's folder is that domain's to change at
 * any time, so a value is read once and then used.
 */
public final class XenbusNode {
    /** For {@link #readNumber}: a number that has to be there. */
    public static final long REQUIRED = -1;

    private static final int LONGEST_NUMBER = 10;

    /** Any number of so many digits is a long. */
    private static final int LONGEST_LONG = 18;

    private final Xenstore store;
    private final String path;

    /** @param path the folder, without a slash at its end */
    public XenbusNode(Xenstore store, String path) {
        this.store = store;
        this.path = path;
    }

    /** The folder. */
    public String path() {
        return path;
    }

    /** The path of a node in the folder. */
    public String path(String name) {
        return path + '/' + name;
    }

    /** A value, or null where there is none. */
    public String read(String name) {
        return store.readIfPresent(path(name));
    }

    /** Writes a value. */
    public void write(String name, Object value) {
        store.write(path(name), String.valueOf(value));
    }

    /**
     * A number from 0 to 2^32-1.
     *
     * @throws XenbusException EINVAL if it is missing or no such number
     */
    public int readUnsigned(String name) {
        String text = read(name);
        if (text == null) {
            throw new XenbusException(XenErrno.EINVAL, "reading " + path(name) + ": it is missing");
        }
        return parseUnsigned(name, text);
    }

    /**
     * A number from 0 to 2^32-1, or {@code otherwise} where it is missing.
     *
     * @throws XenbusException EINVAL if it is no such number
     */
    public int readUnsigned(String name, int otherwise) {
        String text = read(name);
        return text == null ? otherwise : parseUnsigned(name, text);
    }

    /**
     * A number, of which both bounds are 0 or more.
     *
     * @param otherwise what stands for a number that is missing, or {@link #REQUIRED}
     * @throws XenbusException EINVAL if it is no such number, or missing though it is required
     */
    public long readNumber(String name, long smallest, long largest, long otherwise) {
        String text = read(name);
        if (text == null && otherwise != REQUIRED) {
            return otherwise;
        }
        if (text == null) {
            throw new XenbusException(XenErrno.EINVAL, "reading " + path(name) + ": it is missing");
        }
        long value = parseDecimal(text, LONGEST_LONG);
        if (value < 0) {
            throw new XenbusException(XenErrno.EINVAL, "reading " + path(name) + ": it is no number");
        }
        if (value < smallest || value > largest) {
            throw new XenbusException(
                    XenErrno.EINVAL,
                    "reading " + path(name) + ": " + value + " is not from " + smallest + " to " + largest);
        }
        return value;
    }

    private int parseUnsigned(String name, String text) {
        long value = parseDecimal(text);
        if (value < 0 || value > 0xffffffffL) {
            throw new XenbusException(XenErrno.EINVAL, "reading " + path(name) + ": it is no number");
        }
        return (int) value;
    }

    /** A decimal number of at most ten digits; -1 if the text is anything else. */
    static long parseDecimal(String text) {
        return parseDecimal(text, LONGEST_NUMBER);
    }

    private static long parseDecimal(String text, int longest) {
        if (text.isEmpty() || text.length() > longest) {
            return -1;
        }
        long value = 0;
        for (int i = 0; i < text.length(); i++) {
            int digit = text.charAt(i) - '0';
            if (digit < 0 || digit > 9) {
                return -1;
            }
            value = value * 10 + digit;
        }
        return value;
    }

    /**
     * This end's state: {@link XenbusState#UNKNOWN} where there is none.
     *
     * @throws XenbusException EINVAL if the value is no state
     */
    public XenbusState state() {
        String text = read("state");
        if (text == null) {
            return XenbusState.UNKNOWN;
        }
        long code = parseDecimal(text);
        if (code < 0 || code > XenbusState.RECONFIGURED.code()) {
            throw new XenbusException(XenErrno.EINVAL, "saw a state that is none at " + path);
        }
        return XenbusState.of((int) code);
    }

    /**
     * Changes this end's state. A state that is set already is not written again, so that no watch fires for nothing;
     * and where the node is gone, so is the device, which is not brought back.
     *
     * @return whether the node is there
     */
    public boolean switchTo(XenbusState state) {
        String code = Integer.toString(state.code());
        return store.transaction(nodes -> switchTo(nodes, code));
    }

    /**
     * Writes a value, or removes it, unless the device is gone: a value that is there already is not written again, and the
     * folder is not brought back.
     *
     * @param value null to remove it
     */
    public void tell(String name, Object value) {
        String text = value == null ? null : String.valueOf(value);
        store.transaction(nodes -> {
            if (nodes.exists(path("state"))) {
                tell(nodes, name, text);
            }
            return true;
        });
    }

    private void tell(XenstoreNodes nodes, String name, String text) {
        String now = nodes.readIfPresent(path(name));
        if (text == null && now != null) {
            nodes.rm(path(name));
        } else if (text != null && !text.equals(now)) {
            nodes.write(path(name), text);
        }
    }

    private boolean switchTo(XenstoreNodes nodes, String code) {
        String now = nodes.readIfPresent(path("state"));
        if (now != null && !now.equals(code)) {
            nodes.write(path("state"), code);
        }
        return now != null;
    }
}
