// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

import io.splitvisor.dom0.config.DomainConfig;
import io.splitvisor.dom0.management.Json;
import io.splitvisor.dom0.management.JsonForms;
import io.splitvisor.dom0.toolstack.CreateOptions;
import io.splitvisor.dom0.toolstack.Toolstack;
import io.splitvisor.dom0.toolstack.ToolstackException;
import io.splitvisor.dom0.toolstack.ToolstackException.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** {@code up}: a Dom0 for one setup, from the first domain's start to the last one's end. */
final class UpCommand {
    private UpCommand() {}

    static int run(Invocation in) {
        Setup setup = Setup.collect(in.operands(), in.environment().folder());
        List<DomainConfig> domains = setup.read();
        setup.warnings().forEach(warning -> in.log("WARNING: " + warning));
        if (in.dryRun()) {
            in.environment()
                    .out()
                    .print(Json.pretty(domains.stream()
                            .map(domain -> Json.object("domid", null, "config", JsonForms.config(domain)))
                            .toList()));
            return 0;
        }
        for (Path folder : setup.folders()) {
            runProgram(in, folder, "setup");
        }
        List<DomainConfig> present = present(in, domains);
        if (present.isEmpty()) {
            throw new ToolstackException(Kind.INVALID, "no domain to start");
        }
        try (Dom0Session session = Dom0Session.start(in);
                var _ = OnSignal.watch(in, session)) {
            int code = host(in, session, present);
            if (code == 0 && !session.isStopping()) {
                for (Path folder : setup.folders()) {
                    runProgram(in, folder, "check");
                }
            }
            return code;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return 1;
        }
    }

    static int host(Invocation in, Dom0Session session, List<DomainConfig> domains) throws InterruptedException {
        Toolstack toolstack = session.toolstack();
        in.log("Dom0 runs in " + session.runDir());
        boolean quiet = in.arguments().has("quiet") || in.json();
        var printer = new ConsolePrinter(
                in.environment().out(),
                domains.stream().map(DomainConfig::name).toList(),
                Colours.wanted(in.environment()));
        try (var life = new SetupLife(toolstack, printer, quiet)) {
            for (DomainConfig domain : domains) {
                try {
                    toolstack.create(domain, CreateOptions.START);
                } catch (ToolstackException e) {
                    session.stopDomains(Dom0Session.GRACE);
                    throw new ToolstackException(e.kind(), domain.name() + ": " + e.getMessage(), e);
                }
            }
            life.awaitEnd(session);
            printer.finish();
            if (in.json()) {
                in.environment().out().print(Json.pretty(life.outcomes()));
            } else {
                in.environment().out().print(session.summary());
                life.failures().forEach(in::log);
            }
            // After a signal nobody else does.
            in.environment().out().flush();
            return life.failures().isEmpty() ? 0 : 1;
        }
    }

    /**
     * Runs a program of the folder's own, if it has it: {@code setup} before the domains start (images to make, guests to
     * compile), {@code check} after all have ended well (what they did is proven on the host's side).
     */
    private static void runProgram(Invocation in, Path folder, String name) {
        Path program = folder.resolve(name);
        if (!Files.isExecutable(program)) {
            return;
        }
        try {
            var builder = new ProcessBuilder(program.toString())
                    .directory(folder.toFile())
                    .redirectInput(new java.io.File("/dev/null"))
                    .redirectErrorStream(true);
            builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
            Process process = builder.start();
            process.getInputStream().transferTo(in.environment().err());
            in.environment().err().flush();
            int code = process.waitFor();
            if (code != 0) {
                throw new ToolstackException(Kind.FAILED, program + " failed with exit code " + code);
            }
        } catch (IOException e) {
            throw new ToolstackException(Kind.FAILED, "cannot run " + program + ": " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ToolstackException(Kind.FAILED, "interrupted", e);
        }
    }

    /** Leaves optional domains out that have nothing to run, and says so. */
    private static List<DomainConfig> present(Invocation in, List<DomainConfig> domains) {
        var present = new ArrayList<DomainConfig>();
        for (DomainConfig domain : domains) {
            Path missing = domain.guest()
                    .kernel()
                    .filter(kernel -> !Files.exists(kernel))
                    .orElse(null);
            if (domain.optional() && missing != null) {
                in.log(domain.name() + ": left out, since there is no " + missing);
            } else {
                present.add(domain);
            }
        }
        return present;
    }
}
