// SPDX-License-Identifier: Apache-2.0
/** Guests and drivers to copy from. */
module io.splitvisor.examples {
    requires transitive io.splitvisor.domu;

    // The runtime finds a guest by its class's name.
    exports io.splitvisor.examples.copy;
    exports io.splitvisor.examples.kv;
    exports io.splitvisor.examples.memory;
    exports io.splitvisor.examples.vecho;
    exports io.splitvisor.examples.vline;
    exports io.splitvisor.examples.vrng;

    provides io.splitvisor.driver.backend.BackendDriver with
            io.splitvisor.examples.vecho.VechoBackend,
            io.splitvisor.examples.vrng.VrngBackend;
    provides io.splitvisor.driver.backend.ByteDriver with
            io.splitvisor.examples.vline.VlineBackend;
    provides io.splitvisor.driver.frontend.FrontendDriver with
            io.splitvisor.examples.vline.VlineFrontend;
}
