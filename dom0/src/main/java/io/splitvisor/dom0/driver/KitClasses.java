// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.driver;

import java.util.List;

/**
 * What a driver sees of this process: the JDK and the kit (hypercall-api and ring-buffer), not the libraries that Dom0 happens
 * to use. So a driver may bring any version of anything, and cannot come to depend on Dom0's inside.
 */
final class KitClasses extends ClassLoader {
    static {
        registerAsParallelCapable();
    }

    private static final List<String> PACKAGES = List.of(
            "io.splitvisor.abi.",
            "io.splitvisor.backend.",
            "io.splitvisor.driver.",
            "io.splitvisor.frontend.",
            "io.splitvisor.host.",
            "io.splitvisor.hypercall.",
            "io.splitvisor.ring.",
            "io.splitvisor.xenbus.",
            "io.splitvisor.xenstore.");

    private final ClassLoader own = KitClasses.class.getClassLoader();

    KitClasses() {
        super("kit", ClassLoader.getPlatformClassLoader());
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
        if (PACKAGES.stream().noneMatch(name::startsWith)) {
            throw new ClassNotFoundException(name);
        }
        return own.loadClass(name);
    }
}
