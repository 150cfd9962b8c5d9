// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

import io.splitvisor.dom0.config.ConfigSource;
import io.splitvisor.dom0.config.DiskConfig;
import io.splitvisor.dom0.config.ParsedConfig;
import io.splitvisor.dom0.management.Json;
import io.splitvisor.dom0.management.JsonForms;
import io.splitvisor.dom0.toolstack.ToolstackException;
import io.splitvisor.dom0.toolstack.ToolstackException.Kind;
import java.util.List;

/** {@code -N}: what would be created, without a Dom0. */
final class DryRun {
    private DryRun() {}

    static int create(Invocation in, String file, List<String> overrides) {
        ParsedConfig parsed =
                ConfigSource.read(file, in.environment().folder(), overrides).parse();
        parsed.warnings().forEach(warning -> in.log("WARNING: " + warning));
        in.environment()
                .out()
                .print(Json.pretty(Json.object("domid", null, "config", JsonForms.config(parsed.config()))));
        return 0;
    }

    static int blockAttach(Invocation in, List<String> spec) {
        try {
            DiskConfig disk = DiskConfig.parse(spec, in.environment().folder());
            String json = Json.pretty(JsonForms.disk(disk));
            in.environment().out().print(in.json() ? json : "disk: " + json + "\n");
            return 0;
        } catch (IllegalArgumentException e) {
            throw new ToolstackException(Kind.BAD_CONFIG, "disk: " + e.getMessage(), e);
        }
    }
}
