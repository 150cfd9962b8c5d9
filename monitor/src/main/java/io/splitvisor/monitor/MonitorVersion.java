// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor;

/** Which Xen this is for whoever asks: the ABI's version, and what is ours. */
public final class MonitorVersion {
    /** Major version of the ABI. */
    public static final int MAJOR = 4;

    /** Minor version of the ABI. */
    public static final int MINOR = 17;

    /** What follows the two numbers; at most 15 characters. */
    public static final String EXTRA = ".0-splitvisor";

    /** The guest ABIs that there are: those of x86-64. */
    public static final String CAPABILITIES = "xen-3.0-x86_64";

    private MonitorVersion() {}
}
