// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.linux;

/**
 * The stack that a thread has set aside for handlers: stack_t.
 *
 * @param size 0 if there is none
 */
record AlternateStack(long base, long size) {
    static final AlternateStack NONE = new AlternateStack(0, 0);

    private static final int SS_ONSTACK = 1;
    private static final int SS_DISABLE = 2;

    boolean usable() {
        return size != 0;
    }

    boolean holds(long rsp) {
        return rsp > base && rsp - base <= size;
    }

    void write(UserMemory m, long at, long rsp) {
        m.putLong(at, base);
        m.putLong(at + 8, !usable() ? SS_DISABLE : holds(rsp) ? SS_ONSTACK : 0);
        m.putLong(at + 16, size);
    }

    static AlternateStack read(UserMemory m, long at) {
        boolean disabled = (m.getInt(at + 8) & SS_DISABLE) != 0;
        return disabled ? NONE : new AlternateStack(m.getLong(at), m.getLong(at + 16));
    }
}
