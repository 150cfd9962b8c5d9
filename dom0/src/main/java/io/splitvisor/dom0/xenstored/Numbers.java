// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.xenstored;

import io.splitvisor.xenstore.XsError;

/** Numbers as the protocol writes them: decimal digits and nothing else. Xen takes more, and makes 0 of what is none. */
final class Numbers {
    private static final int DOMID_MAX = 65535;

    private Numbers() {}

    /** From 0 to 2^31 - 1; refuses everything else. */
    static int parse(String text) {
        long value = parseLong(text);
        if (value > Integer.MAX_VALUE) {
            throw Refusal.of(XsError.EINVAL);
        }
        return (int) value;
    }

    /** From 0 to 2^63 - 1; refuses everything else. */
    static long parseLong(String text) {
        if (text.isEmpty() || text.length() > 19) {
            throw Refusal.of(XsError.EINVAL);
        }
        long value = 0;
        for (int i = 0; i < text.length(); i++) {
            int digit = text.charAt(i) - '0';
            if (digit < 0 || digit > 9) {
                throw Refusal.of(XsError.EINVAL);
            }
            value = value * 10 + digit;
        }
        if (value < 0) {
            throw Refusal.of(XsError.EINVAL);
        }
        return value;
    }

    /** A domain id, which may be a reserved one. */
    static int domid(String text) {
        int domid = parse(text);
        if (domid > DOMID_MAX) {
            throw Refusal.of(XsError.EINVAL);
        }
        return domid;
    }
}
