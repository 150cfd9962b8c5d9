// SPDX-License-Identifier: Apache-2.0
/** Shared memory, doorbells and the rings in them; the one module that calls native code. */
module io.splitvisor.ring {
    exports io.splitvisor.host;
    exports io.splitvisor.ring;
}
