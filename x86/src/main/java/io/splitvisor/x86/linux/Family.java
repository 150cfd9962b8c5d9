// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.linux;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** All processes that one program has started, itself first. They live in this JVM, a thread for each of theirs. */
public final class Family {
    private static final int THREAD_STACK = 2 << 20;

    private final Runner runner;
    private final Program program;
    private final long memory;
    private final List<UserProcess> processes = new ArrayList<>();
    /** Ended, and not waited for. */
    private final List<UserProcess> dead = new ArrayList<>();

    private int lastId;
    private UserProcess first;

    /**
     * @param program what to run
     * @param memory bytes that each process may address
     * @param runner how
     */
    public Family(Program program, long memory, Runner runner) {
        this.program = program;
        this.memory = memory;
        this.runner = runner;
    }

    /**
     * Loads the first program, without running it.
     *
     * @throws IOException if it cannot be loaded; the message names the file and says why
     */
    public Task load() throws IOException {
        lastId = (int) ProcessHandle.current().pid();
        first = UserProcess.first(this, lastId);
        first.load(program, memory);
        processes.add(first);
        return first.tasks().getFirst();
    }

    /** Runs the first program on the calling thread, until it ends; returns its wait status. */
    public int run() {
        first.tasks().getFirst().run();
        awaitEnd();
        return first.status();
    }

    /** Waits until the first program has ended. */
    public synchronized void awaitEnd() {
        boolean interrupted = false;
        while (processes.contains(first)) {
            try {
                wait();
            } catch (InterruptedException _) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Sends SIGINT to all, as the terminal would. Answers whether the first program handles it. */
    public boolean interrupt() {
        all().forEach(p -> p.send(new SignalInfo(Signals.SIGINT, SignalInfo.SI_KERNEL, 0)));
        return first.action(Signals.SIGINT).handler() != Signals.SIG_DFL;
    }

    Runner runner() {
        return runner;
    }

    /** The number of the process group that all are in. */
    int groupId() {
        return first.pid();
    }

    synchronized int newId() {
        return ++lastId;
    }

    /** Runs a thread of a process on a thread of its own. */
    void start(Task task) {
        Thread.ofPlatform()
                .name("task-" + task.id())
                .stackSize(THREAD_STACK)
                .daemon(true)
                .start(task::run);
    }

    synchronized void add(UserProcess child) {
        processes.add(child);
    }

    /** A child uses its parent's memory no more: it has executed a program, or ended. */
    synchronized void released(UserProcess child) {
        notifyAll();
    }

    synchronized void ended(UserProcess process) {
        processes.remove(process);
        dead.removeIf(p -> p.parent() == process);
        UserProcess parent = process.parent();
        if (parent != null && processes.contains(parent)) {
            if (parent.action(Signals.SIGCHLD).handler() != Signals.SIG_IGN) {
                dead.add(process);
            }
            parent.tasks().forEach(Task::poke);
            parent.send(new SignalInfo(Signals.SIGCHLD, 1, process.pid() | (long) process.status() << 32));
        }
        notifyAll();
    }

    /** Waits until a child made by vfork has let go of its parent's memory. */
    synchronized void awaitRelease(UserProcess child) {
        while (child.borrows() && processes.contains(child)) {
            try {
                wait();
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    /** The process of that number, or null. */
    synchronized UserProcess find(int pid) {
        return processes.stream().filter(p -> p.pid() == pid).findFirst().orElse(null);
    }

    /** Processes that run. */
    synchronized List<UserProcess> all() {
        return List.copyOf(processes);
    }

    /** Whether a number is a thread's of one of these processes. */
    synchronized boolean hasThread(int id) {
        return processes.stream().flatMap(p -> p.tasks().stream()).anyMatch(t -> t.id() == id);
    }

    /** Whether a process has a child, dead or alive, of that number, or any for -1. */
    synchronized boolean hasChild(UserProcess parent, int pid) {
        return java.util.stream.Stream.concat(processes.stream(), dead.stream())
                .anyMatch(p -> p.parent() == parent && (pid == -1 || p.pid() == pid));
    }

    /** A dead child of that number, or any for -1; null if there is none. */
    synchronized UserProcess dead(UserProcess parent, int pid, boolean take) {
        UserProcess found = dead.stream()
                .filter(p -> p.parent() == parent && (pid == -1 || p.pid() == pid))
                .findFirst()
                .orElse(null);
        if (take) {
            dead.remove(found);
        }
        return found;
    }
}
