// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.linux;

import io.splitvisor.x86.memory.AddressSpace;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A program that runs: its memory, descriptors and signal actions, which its threads share, and its children. */
public final class UserProcess {
    private static final int EXIT_SHIFT = 8;

    private final Family family;
    private final UserProcess parent;
    private final int pid;
    private final FdTable fds;
    private final SignalAction[] actions;
    private final List<Task> tasks = new CopyOnWriteArrayList<>();
    private final Directory directory;
    private final AlarmClock alarm = new AlarmClock(this);

    private AddressSpace space;
    private KernelPages kernel;
    private volatile boolean borrowed;
    private Heap heap;
    private Program program;
    private byte[] auxiliaryVector = {};
    private volatile int status;
    private volatile boolean ending;

    private UserProcess(
            Family family, UserProcess parent, int pid, FdTable fds, SignalAction[] actions, Directory directory) {
        this.family = family;
        this.parent = parent;
        this.pid = pid;
        this.fds = fds;
        this.actions = actions;
        this.directory = directory;
    }

    /** The first process of a family, which is not started yet. */
    static UserProcess first(Family family, int pid) {
        SignalAction[] actions = new SignalAction[Signals.LAST + 1];
        Arrays.fill(actions, SignalAction.DEFAULT);
        return new UserProcess(family, null, pid, FdTable.standard(), actions, new Directory());
    }

    /**
     * A copy of a process with one thread, which goes on as a copy of the calling one.
     *
     * @param shareMemory whether the child uses its parent's memory until it executes a program, as after vfork
     */
    UserProcess fork(Task caller, int childPid, boolean shareMemory) {
        UserProcess child = new UserProcess(family, this, childPid, fds.fork(), actions.clone(), directory.fork());
        child.space = shareMemory ? space : space.fork();
        child.kernel = shareMemory ? kernel : new KernelPages(child.space);
        child.borrowed = shareMemory;
        child.heap = heap.fork();
        child.program = program;
        Task task = child.newTask(childPid);
        ThreadState.copy(caller.vcpu(), task.vcpu());
        task.signals().mask(caller.signals().mask());
        task.alternateStack(caller.alternateStack());
        return child;
    }

    /** Adds a thread, which has to be started. */
    Task newTask(int id) {
        Task task = new Task(this, id);
        tasks.add(task);
        return task;
    }

    /**
     * Loads a program in place of what there is.
     *
     * @param bytes of memory
     * @throws IOException if it cannot be loaded; what there was is gone if {@code caller} is null
     */
    void load(Program what, long bytes) throws IOException {
        Program resolved = Scripts.resolve(what);
        AddressSpace fresh = new AddressSpace(bytes);
        ProgramLoader.Start start;
        try {
            start = new ProgramLoader(fresh).load(resolved);
        } catch (IOException | RuntimeException e) {
            fresh.close();
            throw e;
        }
        AddressSpace old = space;
        this.space = fresh;
        this.kernel = new KernelPages(fresh);
        this.heap = new Heap(start.heap(), start.mappings());
        this.program = resolved;
        this.auxiliaryVector = start.auxiliaryVector();
        Task task = tasks.isEmpty() ? newTask(pid) : tasks.getFirst();
        task.attach();
        task.vcpu().registers().rip(start.rip());
        task.vcpu().registers().general(4, start.rsp());
        task.vcpu().registers().general(2, 0);
        if (old != null && !borrowed) {
            old.close();
        }
        borrowed = false;
    }

    /** exec: as {@link #load}, and what does not survive it goes. */
    void exec(Task caller, Program what) throws IOException {
        tasks.removeIf(t -> t != caller && t.endNow());
        load(what, space.limit());
        fds.exec();
        for (int i = 0; i < actions.length; i++) {
            if (actions[i].isHandler()) {
                actions[i] = SignalAction.DEFAULT;
            }
        }
        family.released(this);
    }

    byte[] auxiliaryVector() {
        return auxiliaryVector;
    }

    /** Whether its memory is its parent's. */
    boolean borrows() {
        return borrowed;
    }

    AddressSpace space() {
        return space;
    }

    KernelPages kernel() {
        return kernel;
    }

    Heap heap() {
        return heap;
    }

    FdTable fds() {
        return fds;
    }

    Family family() {
        return family;
    }

    Directory directory() {
        return directory;
    }

    AlarmClock alarm() {
        return alarm;
    }

    UserProcess parent() {
        return parent;
    }

    Runner runner() {
        return family.runner();
    }

    /** Its number. */
    public int pid() {
        return pid;
    }

    /** What it runs. */
    public Program program() {
        return program;
    }

    /** Has the waits of all threads end, without a signal. */
    void wakeAll() {
        tasks.forEach(t -> t.wakeup().wake());
    }

    /** Its threads. */
    public List<Task> tasks() {
        return tasks;
    }

    /** What wait4 shows: an exit code times 256, or a signal. */
    int status() {
        return status;
    }

    SignalAction action(int signal) {
        synchronized (actions) {
            return actions[signal];
        }
    }

    void action(int signal, SignalAction action) {
        synchronized (actions) {
            actions[signal] = action;
        }
    }

    /** Sends a signal to whichever thread takes it. */
    void send(SignalInfo info) {
        SignalAction action = action(info.signal());
        boolean ignored = action.handler() == Signals.SIG_IGN
                || (action.handler() == Signals.SIG_DFL && Signals.ignoredByDefault(info.signal()));
        if (ignored || tasks.isEmpty()) {
            return;
        }
        tasks.stream()
                .filter(t -> !Signals.in(t.signals().mask(), info.signal()))
                .findFirst()
                .orElse(tasks.getFirst())
                .signals()
                .add(info);
    }

    /** A signal that an instruction caused: it cannot be ignored or held up. */
    void fault(Task task, SignalInfo info) {
        boolean held = Signals.in(task.signals().mask(), info.signal());
        if (held || !action(info.signal()).isHandler()) {
            endBySignal(task, info.signal());
        } else {
            task.signals().add(info);
        }
    }

    void endBySignal(Task task, int signal) {
        runner().fatal(task, signal);
        end(signal);
    }

    void exit(int code) {
        end((code & 0xff) << EXIT_SHIFT);
    }

    private void end(int newStatus) {
        synchronized (this) {
            if (ending) {
                return;
            }
            ending = true;
            status = newStatus;
        }
        tasks.forEach(Task::endNow);
    }

    /** One thread alone ends, by exit. */
    void exitThread(Task task, int code) {
        if (tasks.size() == 1) {
            exit(code);
        }
        task.end();
    }

    void taskEnded(Task task) {
        synchronized (this) {
            tasks.remove(task);
            if (!tasks.isEmpty()) {
                return;
            }
        }
        alarm.stop();
        fds.closeAll();
        if (!borrowed) {
            space.close();
        }
        runner().ended(this, status);
        family.ended(this);
    }
}
