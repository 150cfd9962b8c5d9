// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.domain;

import io.splitvisor.dom0.cgroup.Cgroup;
import io.splitvisor.dom0.cgroup.CgroupTree;
import io.splitvisor.dom0.config.CpuShare;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Gives guests the shares of the host's processors that were asked for. A guest that nobody asked anything for runs beside
 * Dom0. What does not work is said, and the guest runs all the same. Thread-safe.
 */
final class CpuShares {
    private final CgroupTree tree;
    private final HypervisorLog log;
    private final Map<Integer, Cgroup> groups = new HashMap<>();
    private final Map<Integer, String> problems = new HashMap<>();

    CpuShares(CgroupTree tree, HypervisorLog log) {
        this.tree = tree;
        this.log = log;
    }

    /** A guest's process has just started. */
    synchronized void started(int domid, long pid, CpuShare share) {
        if (!share.equals(CpuShare.DEFAULT)) {
            apply(domid, pid, share);
        }
    }

    /** Applies a share to a guest that runs, or may. */
    synchronized void apply(int domid, long pid, CpuShare share) {
        try {
            Cgroup group = groups.get(domid);
            if (group == null) {
                group = tree.create(domid);
                groups.put(domid, group);
                group.apply(share);
                group.add(pid);
            } else {
                group.apply(share);
            }
            problems.remove(domid);
        } catch (IOException e) {
            String problem = String.valueOf(e.getMessage());
            if (!problem.equals(problems.put(domid, problem))) {
                log.add(domid, "cpu_weight and cap have no effect: " + problem);
            }
        }
    }

    /** Why a guest's share has no effect, if it has none. */
    synchronized Optional<String> problem(int domid) {
        return Optional.ofNullable(problems.get(domid)).or(tree::problem);
    }

    /** A guest's process is gone. */
    synchronized void removed(int domid) {
        problems.remove(domid);
        Cgroup group = groups.remove(domid);
        if (group == null) {
            return;
        }
        try {
            group.remove();
        } catch (IOException e) {
            log.add(domid, "its cgroup stays behind: " + e.getMessage());
        }
    }
}
