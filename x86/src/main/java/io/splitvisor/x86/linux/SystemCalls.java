// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.linux;

import io.splitvisor.host.Errno;

/** The filter: which system calls there are. Everything else does not exist: ENOSYS. */
final class SystemCalls {
    /** A call that has set the registers itself. No call's result. */
    static final long NO_RESULT = Long.MIN_VALUE;

    private static final int COUNT = 512;
    private static final Handler[] HANDLERS = handlers();

    private SystemCalls() {}

    static long call(Task t, long number, long[] a) {
        Handler h = number >= 0 && number < COUNT ? HANDLERS[(int) number] : null;
        return h == null ? -Errno.ENOSYS : h.call(t, a);
    }

    private static Handler[] handlers() {
        Handler[] handlers = new Handler[COUNT];
        PassedCalls.addTo(handlers);
        FileCalls.addTo(handlers);
        PathCalls.addTo(handlers);
        WaitCalls.addTo(handlers);
        MemoryCalls.addTo(handlers);
        SignalCalls.addTo(handlers);
        ProcessCalls.addTo(handlers);
        return handlers;
    }
}
