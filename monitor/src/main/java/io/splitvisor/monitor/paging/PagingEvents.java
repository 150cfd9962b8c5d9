// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.paging;

/** What paging asks of the rest of a domain. */
public interface PagingEvents {
    /** A vCPU is to look at its part of the header soon. */
    void upcall(int vcpu);

    /** The domain cannot go on. */
    void crash(String why);
}
