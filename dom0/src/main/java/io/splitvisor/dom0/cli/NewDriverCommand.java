// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

import io.splitvisor.dom0.management.Json;
import io.splitvisor.dom0.newdriver.CheckoutRepository;
import io.splitvisor.dom0.newdriver.NewDriver;
import io.splitvisor.dom0.toolstack.ToolstackException;
import io.splitvisor.dom0.toolstack.ToolstackException.Kind;
import java.nio.file.Path;
import java.util.List;

/** {@code new-driver}: the project of a driver, and the repository that it is built against. */
final class NewDriverCommand {
    private NewDriverCommand() {}

    static int run(Invocation in) {
        String name = in.operand(0);
        Path folder = in.environment()
                .folder()
                .resolve(in.arguments().value("dir", name))
                .normalize();
        try {
            Path checkout = checkout();
            List<Path> files = new NewDriver(checkout, name).write(folder);
            new CheckoutRepository(checkout).fill();
            if (in.json()) {
                in.environment().out().print(Json.pretty(Json.object("folder", folder, "files", files)));
                return 0;
            }
            in.environment()
                    .out()
                    .printf(
                            "Wrote %d files to %s. Next:%n%n    cd %s%n    mvn verify%n"
                                    + "    %s up --driver-path target/%s.jar %s.cfg%n",
                            files.size(), folder, folder, checkout.resolve("splitvisor"), name, name);
            return 0;
        } catch (IllegalArgumentException e) {
            throw new ToolstackException(Kind.INVALID, e.getMessage(), e);
        }
    }

    /** The runtime is in {@code target/dist} of a checkout. */
    private static Path checkout() {
        String home = System.getProperty("splitvisor.home");
        if (home == null) {
            throw new IllegalArgumentException("new-driver is run through ./splitvisor of a checkout");
        }
        return Path.of(home).resolve("../..").toAbsolutePath().normalize();
    }
}
