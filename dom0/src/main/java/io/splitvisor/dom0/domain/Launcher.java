// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.domain;

import io.splitvisor.dom0.driver.DriverException;
import io.splitvisor.dom0.toolstack.Dom0Launcher;
import io.splitvisor.dom0.toolstack.ToolstackException;
import io.splitvisor.dom0.toolstack.ToolstackException.Kind;
import java.nio.file.Path;

/** Starts a {@link RunningDom0}; the command line finds it as a service. */
public final class Launcher implements Dom0Launcher {
    /** Whether Netty tells the Flight Recorder of its buffers, which makes the first domain wait for the recorder's machinery. */
    private static final String NETTY_EVENTS = "io.netty.jfr.enabled";

    @Override
    public Dom0 start(Path runDir, Options options) {
        System.setProperty(NETTY_EVENTS, System.getProperty(NETTY_EVENTS, "false"));
        try {
            return new RunningDom0(runDir, options);
        } catch (DriverException e) {
            throw new ToolstackException(Kind.BAD_CONFIG, e.getMessage(), e);
        } catch (RuntimeException e) {
            throw new ToolstackException(Kind.FAILED, "Dom0 cannot start in " + runDir + ": " + because(e), e);
        }
    }

    /** The message, and what the system said to it. */
    private static String because(RuntimeException e) {
        boolean more = e.getCause() != null && e.getCause().getMessage() != null;
        return e.getMessage() + (more ? " (" + e.getCause().getMessage() + ")" : "");
    }
}
