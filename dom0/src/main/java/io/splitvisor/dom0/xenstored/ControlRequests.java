// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.xenstored;

import io.splitvisor.xenstore.Payloads;
import io.splitvisor.xenstore.XsError;
import io.splitvisor.xenstore.XsMessage;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** CONTROL, as {@code xenstore-control} sends it: help, check, print, quota. */
final class ControlRequests {
    private static final Logger LOG = LoggerFactory.getLogger(ControlRequests.class);
    private static final String HELP = """
            Supported commands:
              check
              print <string>
              quota [<domid>]
              help
            """;

    private final XenstoreCore core;

    ControlRequests(XenstoreCore core) {
        this.core = core;
    }

    byte[] serve(XsMessage message) {
        List<String> arguments = Payloads.split(message.payload(), 0);
        if (arguments.isEmpty()) {
            throw Refusal.of(XsError.EINVAL);
        }
        return switch (arguments.get(0)) {
            case "help" -> Requests.ascii(HELP);
            case "check" -> check();
            case "print" -> print(arguments);
            case "quota" -> quota(arguments);
            default -> throw Refusal.of(XsError.ENOSYS);
        };
    }

    private byte[] check() {
        List<String> wrong = core.tree().check();
        for (String line : wrong) {
            LOG.error("store check: {}", line);
        }
        if (!wrong.isEmpty()) {
            throw Refusal.of(XsError.EIO);
        }
        return Requests.ok();
    }

    private static byte[] print(List<String> arguments) {
        if (arguments.size() != 2) {
            throw Refusal.of(XsError.EINVAL);
        }
        LOG.info("control: {}", arguments.get(1));
        return Requests.ok();
    }

    private byte[] quota(List<String> arguments) {
        StringBuilder text = new StringBuilder();
        if (arguments.size() == 1) {
            for (Quota quota : Quota.values()) {
                line(text, quota, core.domains().defaults().get(quota));
            }
        } else if (arguments.size() == 2) {
            int domid = Numbers.domid(arguments.get(1));
            DomainState domain = core.domains().find(domid);
            if (domain == null) {
                throw Refusal.of(XsError.ENOENT);
            }
            text.append("Domain ").append(domid).append(":\n");
            for (Quota quota : Quota.values()) {
                line(text, quota, domain.used(quota));
            }
        } else {
            throw Refusal.of(XsError.EINVAL);
        }
        return Requests.ascii(text.toString());
    }

    private static void line(StringBuilder text, Quota quota, int value) {
        text.append(quota.key()).append(" ".repeat(18 - quota.key().length()));
        text.append(": ").append(value).append('\n');
    }
}
