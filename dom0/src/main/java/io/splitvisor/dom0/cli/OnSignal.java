// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

/** Ends a Dom0 in an orderly way when a signal ends the process. */
final class OnSignal implements AutoCloseable {
    private final Thread hook;

    private OnSignal(Thread hook) {
        this.hook = hook;
    }

    /** From now until closed. */
    static OnSignal end(Dom0Session session) {
        Thread hook = new Thread(
                () -> {
                    session.stopDomains(Dom0Session.GRACE);
                    session.close();
                },
                "end-of-dom0");
        Runtime.getRuntime().addShutdownHook(hook);
        return new OnSignal(hook);
    }

    @Override
    public void close() {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException _) {
            // a signal came, and the hook is at work
        }
    }
}
