// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu;

/**
 * A JVM guest. A class with this interface and a public constructor without parameters is what {@code jvm_main} names in a
 * domain's configuration.
 */
@FunctionalInterface
public interface Guest {
    /**
     * The guest's life. When it returns, the domain powers off; when it throws, the domain has crashed, and the stack
     * trace is on its console. {@code System.out}, {@code System.err} and {@code System.in} are the domain's console.
     *
     * @param domain everything that the guest has
     */
    void run(GuestDomain domain) throws Exception;
}
