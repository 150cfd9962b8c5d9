// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.cli;

import io.splitvisor.vcpu.Exit;
import io.splitvisor.vcpu.gdb.GdbSession;
import io.splitvisor.x86.linux.Task;
import io.splitvisor.x86.linux.UserProcess;
import java.io.IOException;
import java.nio.file.Path;

/** Runs a program's threads under gdb; the processes that it makes run at full speed. */
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
        session = new GdbSession(socket, true, task.auxiliaryVector(), task::interruptAll);
        System.err.println("splitvisor x86: waiting for gdb: target remote " + socket);
        session.accept();
    }

    private boolean isDebugged(Task task) {
        return task.processId() == debugged.processId();
    }

    @Override
    public Exit run(Task task) {
        if (!isDebugged(task)) {
            return super.run(task);
        }
        try {
            return session.run(task.id(), task.vcpu(), SLICE);
        } catch (GdbSession.Killed _) {
            task.kill();
            return null;
        }
    }

    @Override
    public void left(Task task) {
        if (isDebugged(task)) {
            session.left(task.id());
        }
    }

    @Override
    public void fatal(Task task, int signal) {
        if (isDebugged(task)) {
            try {
                session.fatal(task.id(), signal);
            } catch (GdbSession.Killed _) {
                // It is about to end anyway.
                return;
            }
        }
        super.fatal(task, signal);
    }

    @Override
    public void ended(UserProcess process, int status) {
        if (process.pid() == debugged.processId()) {
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
