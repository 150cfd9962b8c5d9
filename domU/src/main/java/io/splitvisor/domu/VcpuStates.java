// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu;

import io.splitvisor.abi.XenErrno;
import io.splitvisor.hypercall.Hypercalls;
import java.util.Objects;

/** Which vCPUs are up. Thread-safe. */
final class VcpuStates {
    /** The monitor wants a context to be there, and uses nothing of it. */
    private static final long ANY_CONTEXT = 0;

    private final Hypercalls hypercalls;
    private final boolean[] up;

    /** Those that the toolstack does not let the domain use. */
    private final boolean[] offline;

    /** Those of them that were up. */
    private final boolean[] takenAway;

    /** All but vCPU 0 are down. */
    VcpuStates(Hypercalls hypercalls, int vcpus) {
        this.hypercalls = hypercalls;
        this.offline = new boolean[vcpus];
        this.takenAway = new boolean[vcpus];
        this.up = new boolean[vcpus];
        up[0] = true;
    }

    /** Brings a vCPU up; false if it was up. */
    synchronized boolean bringUp(int vcpu) {
        Objects.checkIndex(vcpu, up.length);
        if (up[vcpu]) {
            return false;
        }
        if (offline[vcpu]) {
            throw new IllegalStateException("vCPU " + vcpu + " is not available");
        }
        int initialised = hypercalls.vcpuInitialise(vcpu, ANY_CONTEXT);
        if (initialised != -XenErrno.EEXIST) {
            require("initialise", vcpu, initialised);
        }
        require("up", vcpu, hypercalls.vcpuUp(vcpu));
        up[vcpu] = true;
        return true;
    }

    synchronized void takeDown(int vcpu) {
        if (vcpu == 0) {
            throw new IllegalArgumentException("vCPU 0 goes down with the domain");
        }
        Objects.checkIndex(vcpu, up.length);
        if (up[vcpu]) {
            require("down", vcpu, hypercalls.vcpuDown(vcpu));
            up[vcpu] = false;
        }
    }

    synchronized void available(int vcpu, boolean available) {
        offline[vcpu] = !available;
        if (!available && up[vcpu]) {
            takeDown(vcpu);
            takenAway[vcpu] = true;
        } else if (available && takenAway[vcpu]) {
            takenAway[vcpu] = false;
            bringUp(vcpu);
        }
    }

    synchronized boolean isUp(int vcpu) {
        return up[Objects.checkIndex(vcpu, up.length)];
    }

    private static void require(String operation, int vcpu, int result) {
        if (result < 0) {
            throw new IllegalStateException(operation + " of vCPU " + vcpu + ": " + XenErrno.nameOf(result));
        }
    }
}
