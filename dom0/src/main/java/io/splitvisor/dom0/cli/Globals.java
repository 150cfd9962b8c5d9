// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

import io.splitvisor.dom0.cli.Arguments.BadOption;
import java.util.List;

/**
 * The options before the verb.
 *
 * @param verbosity how often {@code -v} was given
 * @param dryRun {@code -N}
 * @param force {@code -f}
 * @param json {@code --json}
 * @param runDir {@code --run-dir}, empty where it was not given
 * @param version {@code --version}
 * @param rest the verb and what follows it
 */
record Globals(
        int verbosity, boolean dryRun, boolean force, boolean json, String runDir, boolean version, List<String> rest) {
    /** Reads them. They end at the first word that is no option. */
    static Globals parse(List<String> words) throws BadOption {
        int verbosity = 0;
        boolean dryRun = false;
        boolean force = false;
        boolean json = false;
        boolean version = false;
        String runDir = "";
        int i = 0;
        while (i < words.size() && words.get(i).startsWith("-") && words.get(i).length() > 1) {
            String word = words.get(i++);
            if (word.startsWith("--run-dir=")) {
                runDir = word.substring("--run-dir=".length());
            } else if (word.equals("--run-dir") || word.equals("--output")) {
                if (i == words.size()) {
                    throw BadOption.withoutArgument(word);
                }
                String argument = words.get(i++);
                runDir = word.equals("--run-dir") ? argument : runDir;
                json = word.equals("--output") ? isJson(argument) : json;
            } else if (word.startsWith("--output=")) {
                json = isJson(word.substring("--output=".length()));
            } else if (word.equals("--json")) {
                json = true;
            } else if (word.equals("--version")) {
                version = true;
            } else if (word.equals("--help") || word.equals("-h")) {
                return new Globals(verbosity, dryRun, force, json, runDir, version, List.of("help"));
            } else if (!word.matches("-[vfNtT]+")) {
                throw new BadOption("unknown global option");
            }
            for (int c = 1; c < word.length() && word.charAt(1) != '-'; c++) {
                verbosity += word.charAt(c) == 'v' ? 1 : 0;
                dryRun |= word.charAt(c) == 'N';
                force |= word.charAt(c) == 'f';
            }
        }
        return new Globals(verbosity, dryRun, force, json, runDir, version, words.subList(i, words.size()));
    }

    private static boolean isJson(String format) throws BadOption {
        if (!isFormat(format)) {
            throw new BadOption(unknownFormat(format));
        }
        return format.equals("json");
    }

    /** Whether there is such a form of output. */
    static boolean isFormat(String format) {
        return format.equals("table") || format.equals("json");
    }

    static String unknownFormat(String format) {
        return "unknown output format '" + format + "', expected table or json";
    }
}
