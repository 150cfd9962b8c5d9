// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.xenstored;

import io.splitvisor.xenstore.XsError;
import java.util.EnumMap;
import java.util.Map;

/** A request that is answered with an error. Made once per error and without a stack, for guests cause them at will. */
final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private static final Map<XsError, Refusal> ALL = all();

    private final XsError error;

    private Refusal(XsError error) {
        super(error.name(), null, false, false);
        this.error = error;
    }

    static Refusal of(XsError error) {
        return ALL.get(error);
    }

    XsError error() {
        return error;
    }

    private static Map<XsError, Refusal> all() {
        Map<XsError, Refusal> all = new EnumMap<>(XsError.class);
        for (XsError error : XsError.values()) {
            all.put(error, new Refusal(error));
        }
        return all;
    }
}
