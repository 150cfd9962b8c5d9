// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.paging;

/** What a long operation may still cost before others get their turn. */
public interface Slice {
    /** Work that is to be done in one go. */
    Slice ENDLESS = of(Integer.MAX_VALUE);

    /** Pays for work; a unit is about a simple call. */
    void spend(int units);

    /** Whether to stop here, and go on in the next slice. */
    boolean preempt();

    /** A slice of so many units; one of the most never ends. */
    static Slice of(int units) {
        return new Slice() {
            private int left = units;

            @Override
            public void spend(int spent) {
                left -= units == Integer.MAX_VALUE ? 0 : spent;
            }

            @Override
            public boolean preempt() {
                return left <= 0;
            }
        };
    }
}
