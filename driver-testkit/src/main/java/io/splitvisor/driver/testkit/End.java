// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

/** The two ends of a split driver. */
public enum End {
    /** The guest's. */
    FRONT,
    /** The one that serves it. */
    BACK;

    /** The end that it talks to. */
    public End other() {
        return this == FRONT ? BACK : FRONT;
    }

    @Override
    public String toString() {
        return this == FRONT ? "front" : "back";
    }
}
