// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import io.splitvisor.abi.XenErrno;
import io.splitvisor.hypercall.HypercallOp;

/**
 * {@code console_io(cmd, count, buffer)}: lines for the monitor's log, from any domain, as a debug build of Xen takes them.
 * What is typed at the monitor's console is nobody's: there is none.
 */
final class ConsoleIoHandlers {
    /** Bytes taken at a time. */
    private static final int PIECE = 128;

    void bind(HypercallTable table) {
        table.bind(HypercallOp.CONSOLEIO_WRITE, ConsoleIoHandlers::write);
        table.bind(HypercallOp.CONSOLEIO_READ, ConsoleIoHandlers::read);
    }

    private static long write(HypercallContext call) {
        long count = call.word(1) & 0xffff_ffffL;
        long buffer = call.word(2);
        long done = call.progress();
        while (done < count) {
            long piece = Math.min(count - done, PIECE);
            long at = buffer + done;
            if (at < 0 || !call.caller().memory().copyFrom(at, call.argument(), piece)) {
                return -XenErrno.EFAULT;
            }
            call.caller().log().write(call.argument(), piece);
            done += piece;
            // A line costs a lot more than a simple call.
            call.spend(16);
            if (done < count && call.preempt()) {
                call.progress(done);
                return HypercallContext.PREEMPTED;
            }
        }
        return 0;
    }

    private static long read(HypercallContext call) {
        if (!call.caller().privileged()) {
            return -XenErrno.EPERM;
        }
        return (int) call.word(1) < 0 ? -XenErrno.E2BIG : 0;
    }
}
