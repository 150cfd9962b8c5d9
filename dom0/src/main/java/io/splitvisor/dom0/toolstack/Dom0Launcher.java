// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.toolstack;

import java.nio.file.Path;
import java.util.List;

/** Starts a Dom0. Found as a service, so that the command line does not depend on the domains' machinery. */
public interface Dom0Launcher {
    /**
     * Starts the monitor, xenstored, the attach socket and the back ends in a run folder, which exists, is the caller's
     * alone and holds no other live Dom0. The management server is the caller's business.
     *
     * @param runDir the run folder, absolute
     * @param options how
     * @throws ToolstackException if it cannot
     */
    Dom0 start(Path runDir, Options options);

    /**
     * How to start.
     *
     * @param verbosity 0, or how often {@code -v} was given
     * @param commandline what {@code info} shows as xen_commandline
     * @param driverPath jars and folders with drivers
     */
    record Options(int verbosity, String commandline, List<Path> driverPath) {
        /** Without any drivers but those that there always are. */
        public Options(int verbosity, String commandline) {
            this(verbosity, commandline, List.of());
        }
    }

    /** A Dom0 that runs. */
    interface Dom0 extends AutoCloseable {
        /** What one can do with its domains. */
        Toolstack toolstack();

        /** What {@code up} prints when all domains have ended: a table of what they did. Empty for nothing. */
        default String summary() {
            return "";
        }

        /** Destroys all domains and stops everything. The run folder is empty afterwards, except for logs. */
        @Override
        void close();
    }
}
