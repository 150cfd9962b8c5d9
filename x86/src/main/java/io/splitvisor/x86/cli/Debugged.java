// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.cli;

import io.splitvisor.vcpu.Exit;
import io.splitvisor.vcpu.gdb.GdbSession;
import io.splitvisor.x86.linux.Task;
import io.splitvisor.x86.linux.UserProcess;
import java.io.IOException;
import java.nio.file.Path;

/** Runs a program's first thread under gdb; other threads and processes run at full speed. */
final class Debugged extends FullSpeed {
    private static final long SLICE = 1_000_000_000L;
    private static final int SIGNAL = 0x7f;

    private final Path socket;
    private Task debugged;
    private GdbSession session;

    Debugged(Path socket) {
        this.socket = socket;
    }

    /** The program is there: waits for the debugger. */
    void loaded(Task task) throws IOException {
        debugged = task;
        session = new GdbSession(socket, task::vcpu, true, task.auxiliaryVector(), task::interrupt);
        System.err.println("splitvisor x86: waiting for gdb: target remote " + socket);
        session.accept();
    }

    @Override
    public Exit run(Task task) {
        if (task != debugged) {
            return super.run(task);
        }
        try {
            return session.run(SLICE);
        } catch (GdbSession.Killed _) {
            task.kill();
            return null;
        }
    }

    @Override
    public void fatal(Task task, int signal) {
        if (task == debugged) {
            try {
                session.fatal(signal);
            } catch (GdbSession.Killed _) {
                // It is about to end anyway.
                return;
            }
        }
        super.fatal(task, signal);
    }

    @Override
    public void ended(UserProcess process, int status) {
        if (process.pid() == debugged.id()) {
            session.ended(status >>> 8 & 0xff, status & SIGNAL);
            close();
        }
    }

    private void close() {
        try {
            session.close();
        } catch (IOException e) {
            System.err.println("splitvisor x86: " + e.getMessage());
        }
    }
}
