// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.grant;

/** The grant tables of all domains. */
@FunctionalInterface
public interface GrantTables {
    /** The table of a domain, by number; null if there is no such domain, or it has no table. */
    GrantTable find(int domid);
}
