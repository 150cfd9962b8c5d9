// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.stress.docs;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** docs/hardening.md, made from the names of the tests: {@code b6_shouldRefuseSectorsPastTheEnd} belongs to row B6. */
final class HardeningTable {
    private static final Pattern TEST = Pattern.compile("\\bvoid ((?:[a-z]{1,2}\\d+_)+)should\\w*\\(");
    private static final Pattern ROW = Pattern.compile("[a-z]{1,2}\\d+");

    /** A row of the catalogue. */
    private record Row(String component, String id, String input, String outcome) {
        int number() {
            return Integer.parseInt(id.replaceAll("\\D", ""));
        }
    }

    private final Path root;

    /** The table of the repository at {@code root}. */
    HardeningTable(Path root) {
        this.root = root;
    }

    /** The file's text. */
    String text() {
        Map<String, TreeSet<String>> tests = testsByRow();
        StringBuilder text = new StringBuilder(INTRODUCTION);
        Map<String, List<Row>> byComponent = new LinkedHashMap<>();
        for (Row row : rows()) {
            if (tests.containsKey(row.id)) {
                byComponent
                        .computeIfAbsent(row.component, _ -> new ArrayList<>())
                        .add(row);
            }
        }
        byComponent.forEach((component, rows) -> {
            text.append("\n## ")
                    .append(component)
                    .append("\n\n| row | hostile or faulty input | what must happen | tests |\n");
            text.append("|---|---|---|---|\n");
            rows.stream().sorted(Comparator.comparingInt(Row::number)).forEach(row -> text.append("| ")
                    .append(String.join(" | ", row.id, row.input, row.outcome, String.join(", ", tests.get(row.id))))
                    .append(" |\n"));
        });
        return text.toString();
    }

    /** Rows that tests name and the catalogue does not have. */
    List<String> unknownRows() {
        List<String> known = rows().stream().map(Row::id).toList();
        return testsByRow().entrySet().stream()
                .filter(entry -> !known.contains(entry.getKey()))
                .map(entry -> entry.getKey() + " in " + entry.getValue())
                .toList();
    }

    private static List<Row> rows() {
        try (BufferedReader reader = new BufferedReader(new InputStreamReader(
                Objects.requireNonNull(HardeningTable.class.getResourceAsStream("/hardening-rows.tsv")),
                StandardCharsets.UTF_8))) {
            return reader.lines()
                    .filter(line -> !line.startsWith("#"))
                    .map(line -> line.split("\t"))
                    .map(cells -> new Row(cells[0], cells[1], cells[2], cells[3]))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Map<String, TreeSet<String>> testsByRow() {
        Map<String, TreeSet<String>> result = new LinkedHashMap<>();
        for (Path file : testSources()) {
            Matcher test = TEST.matcher(read(file));
            while (test.find()) {
                Matcher row = ROW.matcher(test.group(1));
                while (row.find()) {
                    result.computeIfAbsent(row.group().toUpperCase(Locale.ROOT), _ -> new TreeSet<>())
                            .add("`" + className(file) + "`");
                }
            }
        }
        return result;
    }

    private List<Path> testSources() {
        List<Path> sources = new ArrayList<>();
        try (Stream<Path> modules = Files.list(root)) {
            for (Path module : modules.sorted().toList()) {
                Path folder = module.resolve("src/test/java");
                if (Files.isDirectory(folder)) {
                    try (Stream<Path> files = Files.walk(folder)) {
                        files.filter(file -> file.toString().endsWith(".java"))
                                .sorted()
                                .forEach(sources::add);
                    }
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return sources;
    }

    private static String className(Path file) {
        return file.getFileName().toString().replace(".java", "");
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static final String INTRODUCTION = """
            # Hardening

            What real hypervisors, back ends and xenstore daemons got wrong once, and the tests that show what happens here.
            A test carries its row in its name: `b6_shouldRefuseSectorsPastTheEnd` belongs to row B6.

            This file is made from those names. After adding a test, make it anew with
            `./verify -pl stress -am -Dtest=HardeningDocumentTest -Dsurefire.failIfNoSpecifiedTests=false -Dsplitvisor.update=true`.
            """;
}
