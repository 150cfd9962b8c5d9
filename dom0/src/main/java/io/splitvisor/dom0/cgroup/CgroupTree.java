// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cgroup;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The part of the host's cgroup v2 tree that this Dom0 may change: the cgroup that it was started in, if that is delegated to
 * its user. A cgroup that passes a controller on may have no processes of its own, so Dom0 moves into a leaf of it first. All
 * this happens when the first guest needs it, and not before.
 */
public final class CgroupTree {
    private static final String CONTROLLER = "cpu";
    private static final String PROCESSES = "cgroup.procs";
    private static final String CONTROL = "cgroup.subtree_control";
    private static final int MOUNT_POINT = 4;

    private final Path base;
    private final String problem;
    private final String owner;
    private boolean prepared;

    private CgroupTree(Path base, String problem) {
        this.base = base;
        this.problem = problem;
        this.owner = "splitvisor-" + ProcessHandle.current().pid();
    }

    /** The tree of this process on this host. */
    public static CgroupTree ofThisProcess() {
        return find(Path.of("/proc/self"));
    }

    /**
     * The tree of a process.
     *
     * @param process its folder in proc, of which {@code cgroup} and {@code mountinfo} are read
     */
    static CgroupTree find(Path process) {
        try {
            Optional<Path> mount;
            try (Stream<String> mounts = Files.lines(process.resolve("mountinfo"))) {
                mount = mounts.filter(line -> line.contains(" - cgroup2 "))
                        .map(line -> Path.of(line.split(" ", -1)[MOUNT_POINT]))
                        .findFirst();
            }
            Optional<String> path;
            try (Stream<String> groups = Files.lines(process.resolve("cgroup"))) {
                path = groups.filter(line -> line.startsWith("0::/"))
                        .map(line -> line.substring("0::/".length()))
                        .findFirst();
            }
            if (mount.isEmpty() || path.isEmpty()) {
                return new CgroupTree(null, "this host has no cgroup v2");
            }
            Path base = mount.get().resolve(path.get());
            return new CgroupTree(base, problemOf(base));
        } catch (IOException e) {
            return new CgroupTree(null, "cgroups cannot be read: " + e.getMessage());
        }
    }

    private static String problemOf(Path base) throws IOException {
        Path controllers = base.resolve("cgroup.controllers");
        if (!Files.isReadable(controllers) || !words(controllers).contains(CONTROLLER)) {
            return "cgroup v2 has no cpu controller in " + base
                    + " (cgroup v1 may have it, or the cgroup above does not pass it on)";
        }
        for (Path needed : List.of(base, base.resolve(PROCESSES), base.resolve(CONTROL))) {
            if (!Files.isWritable(needed)) {
                return "cgroup " + base + " is not delegated to this user; start Dom0 with"
                        + " 'systemd-run --user --scope -p Delegate=yes', for example";
            }
        }
        return "";
    }

    private static List<String> words(Path file) throws IOException {
        return Arrays.asList(Files.readString(file).strip().split("\\s+", -1));
    }

    /** Why weights and caps have no effect here; empty if they have. */
    public Optional<String> problem() {
        return problem.isEmpty() ? Optional.empty() : Optional.of(problem);
    }

    /**
     * Makes a cgroup for a guest.
     *
     * @throws IOException if that does not work; the message says why
     */
    public synchronized Cgroup create(int domid) throws IOException {
        if (!problem.isEmpty()) {
            throw new IOException(problem);
        }
        prepare();
        Path folder = base.resolve(owner + "-d" + domid);
        Files.createDirectory(folder);
        return new Cgroup(folder, base.resolve(owner));
    }

    private void prepare() throws IOException {
        if (prepared) {
            return;
        }
        Path leaf = base.resolve(owner);
        Files.createDirectories(leaf);
        move(ProcessHandle.current().pid(), leaf);
        // Guests that were started without a cgroup of their own came into this one.
        for (ProcessHandle process : ProcessHandle.current().descendants().toList()) {
            move(process.pid(), leaf);
        }
        try {
            Files.writeString(base.resolve(CONTROL), "+" + CONTROLLER);
        } catch (IOException e) {
            throw new IOException(
                    "cgroup " + base + " has other processes than Dom0, and so cannot divide its processor time: "
                            + e.getMessage(),
                    e);
        }
        prepared = true;
    }

    private static void move(long pid, Path to) throws IOException {
        Files.writeString(to.resolve(PROCESSES), Long.toString(pid));
    }
}
