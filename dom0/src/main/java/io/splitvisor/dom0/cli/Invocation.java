// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

import io.splitvisor.dom0.management.Json;
import io.splitvisor.dom0.management.JsonForms;
import io.splitvisor.dom0.management.ManagementClient;
import io.splitvisor.dom0.management.ManagementClient.Answer;
import io.splitvisor.dom0.management.ManagementClient.Form;
import io.splitvisor.dom0.toolstack.ToolstackException.Kind;
import java.nio.file.Path;
import java.util.List;

/**
 * A verb with its arguments, about to run.
 *
 * @param verb the verb
 * @param globals what came before it
 * @param arguments what came after it
 * @param environment what is around it
 */
record Invocation(Verb verb, Globals globals, Arguments arguments, Environment environment) {
    boolean json() {
        return globals.json()
                || arguments.has("json")
                || arguments.value("output", "table").equals("json");
    }

    boolean dryRun() {
        return globals.dryRun() || arguments.has("dryrun");
    }

    List<String> operands() {
        return arguments.operands();
    }

    String operand(int index) {
        return arguments.operands().get(index);
    }

    /** The run folder that the user named, or the usual one. */
    Path runDir() {
        return RunDir.of(arguments.value("run-dir", globals.runDir()), environment);
    }

    ManagementClient client() {
        Path runDir = runDir();
        RunDir.checkOwner(runDir);
        return new ManagementClient(runDir);
    }

    /** Asks in the form that the user wants to read. */
    Answer ask(String method, String target, String body) {
        return client().request(method, target, json() ? Form.JSON : Form.TEXT, body);
    }

    /** Asks and shows the answer. */
    int show(String method, String target, String body) {
        return show(ask(method, target, body));
    }

    /** Shows an answer: JSON and data on standard output, the text of an error on standard error. */
    int show(Answer answer) {
        (answer.ok() || json() ? environment.out() : environment.err()).print(answer.body());
        return answer.ok() ? 0 : 1;
    }

    /** Says how the verb is used, which the user got wrong. */
    int wrongUsage() {
        if (json()) {
            String message = "wrong usage; see 'splitvisor help " + verb.name() + "'";
            environment.out().print(Json.pretty(JsonForms.error(Kind.INVALID, message, List.of())));
        } else {
            Help.of(verb, environment.out());
        }
        return CommandLine.USAGE;
    }

    /** Progress, and what is no data. */
    void log(String line) {
        environment.err().println(line);
    }

    /** The path of a domain in the API. */
    static String domain(String name) {
        return "/v1/domains/" + ManagementClient.encode(name);
    }
}
