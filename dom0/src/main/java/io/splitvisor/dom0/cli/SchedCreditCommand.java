// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

import static io.splitvisor.dom0.cli.Invocation.domain;

import io.splitvisor.dom0.config.CpuShare;
import io.splitvisor.dom0.management.Json;
import io.splitvisor.dom0.management.ManagementClient;
import io.splitvisor.dom0.toolstack.ToolstackException;
import io.splitvisor.dom0.toolstack.ToolstackException.Kind;
import java.util.Map;

/** {@code sched-credit}: shows weights and caps, or sets those of a domain. */
final class SchedCreditCommand {
    private static final String POOL = "Pool-0";

    private SchedCreditCommand() {}

    static int run(Invocation in) {
        Arguments arguments = in.arguments();
        String name = arguments.value("domain", "");
        String weight = arguments.value("weight", "");
        String cap = arguments.value("cap", "");
        String pool = arguments.value("cpupool", POOL);
        if (!pool.equals(POOL) && !pool.equals("0")) {
            throw new ToolstackException(Kind.INVALID, "unknown cpupool '" + pool + "'");
        }
        if (weight.isEmpty() && cap.isEmpty()) {
            String query = name.isEmpty() ? "" : "?domain=" + ManagementClient.encode(name);
            return in.show("GET", "/v1/sched-credit" + query, "");
        }
        if (name.isEmpty()) {
            throw new ToolstackException(Kind.INVALID, "Must specify a domain.");
        }
        if (isBad(weight, 1, CpuShare.MAX_WEIGHT) || isBad(cap, 0, CpuShare.MAX_CAP)) {
            throw new ToolstackException(
                    Kind.INVALID,
                    "a weight is a number from 1 to " + CpuShare.MAX_WEIGHT + ", a cap one from 0 to "
                            + CpuShare.MAX_CAP);
        }
        Map<String, Object> body = Json.object();
        if (!weight.isEmpty()) {
            body.put("weight", Integer.parseInt(weight));
        }
        if (!cap.isEmpty()) {
            body.put("cap", Integer.parseInt(cap));
        }
        return in.show("POST", domain(name) + "/sched-credit", Json.line(body));
    }

    private static boolean isBad(String text, int least, int most) {
        return !text.isEmpty()
                && (!text.matches("[0-9]{1,6}") || Integer.parseInt(text) < least || Integer.parseInt(text) > most);
    }
}
