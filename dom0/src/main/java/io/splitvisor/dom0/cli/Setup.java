// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

import io.splitvisor.dom0.config.ConfigException;
import io.splitvisor.dom0.config.ConfigSource;
import io.splitvisor.dom0.config.DomainConfig;
import io.splitvisor.dom0.config.ParsedConfig;
import io.splitvisor.dom0.config.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** The domains of a setup: configuration files, those of folders, and what the command line changes in them. */
final class Setup {
    private final Path here;
    private final List<Path> folders = new ArrayList<>();
    private final List<String> files = new ArrayList<>();
    private final List<String> overrides = new ArrayList<>();
    private final List<Problem> problems = new ArrayList<>();
    private final List<Problem> warnings = new ArrayList<>();

    private Setup(Path here) {
        this.here = here;
    }

    /**
     * Sorts the operands of {@code up}: files and folders, and {@code [NAME.]key=value}.
     *
     * @param here the user's folder
     */
    static Setup collect(List<String> operands, Path here) {
        var setup = new Setup(here);
        for (String operand : operands) {
            Path path = here.resolve(operand);
            if (Files.isDirectory(path)) {
                setup.folder(operand, path);
            } else if (operand.indexOf('=') > 0 && !Files.exists(path)) {
                setup.overrides.add(operand);
            } else {
                setup.files.add(operand);
            }
        }
        return setup;
    }

    /** The domains of files and folders, without changes. */
    static List<DomainConfig> of(List<String> operands, Path here) {
        return collect(operands, here).read();
    }

    private void folder(String operand, Path path) {
        try (Stream<Path> entries = Files.list(path)) {
            List<String> names = entries.filter(Files::isRegularFile)
                    .map(entry -> entry.getFileName().toString())
                    .filter(name -> name.endsWith(".cfg"))
                    .sorted()
                    .toList();
            if (names.isEmpty()) {
                problems.add(new Problem(operand, 0, "", "no *.cfg in this folder"));
            }
            names.forEach(name -> files.add(operand + (operand.endsWith("/") ? "" : "/") + name));
            folders.add(path);
        } catch (IOException e) {
            problems.add(new Problem(operand, 0, "", "cannot read: " + e.getMessage()));
        }
    }

    /** The folders, in which a program {@code setup} may prepare what the domains need. */
    List<Path> folders() {
        return folders;
    }

    /** What the user should know; filled by {@link #read}. */
    List<Problem> warnings() {
        return warnings;
    }

    /**
     * Reads all files, applies the changes, and puts the domains into the order that {@code after} asks for.
     *
     * @throws ConfigException with all problems of all files
     */
    List<DomainConfig> read() {
        var plain = new LinkedHashMap<String, DomainConfig>();
        for (String file : files) {
            ParsedConfig parsed = parse(file, List.of());
            if (parsed != null && plain.put(file, parsed.config()) == null) {
                warnings.addAll(parsed.warnings());
            }
        }
        refuse();
        Map<String, List<String>> changes = distribute(plain);
        var domains = new LinkedHashMap<String, DomainConfig>();
        for (String file : plain.keySet()) {
            ParsedConfig parsed = parse(file, changes.get(file));
            if (parsed != null && domains.put(parsed.config().name(), parsed.config()) != null) {
                problems.add(
                        new Problem(file, 0, "name", "'" + parsed.config().name() + "' is the name of two domains"));
            }
        }
        List<DomainConfig> ordered = ordered(domains);
        refuse();
        return ordered;
    }

    private ParsedConfig parse(String file, List<String> changes) {
        try {
            return ConfigSource.read(file, here, changes).parse();
        } catch (ConfigException e) {
            problems.addAll(e.problems());
            return null;
        }
    }

    /**
     * Which change goes to which file: {@code NAME.key=value} to that domain; {@code key=value} to the domains that list the
     * key in {@code takes}, or to all where none does.
     */
    private Map<String, List<String>> distribute(Map<String, DomainConfig> plain) {
        var changes = new LinkedHashMap<String, List<String>>();
        plain.keySet().forEach(file -> changes.put(file, new ArrayList<>()));
        for (String override : overrides) {
            int dot = override.indexOf('.');
            int equals = override.indexOf('=');
            boolean named = dot > 0 && dot < equals;
            String name = named ? override.substring(0, dot) : "";
            String change = named ? override.substring(dot + 1) : override;
            String key =
                    change.substring(0, change.indexOf('=')).replace('+', ' ').strip();
            boolean taken =
                    plain.values().stream().anyMatch(domain -> domain.takes().contains(key));
            boolean used = false;
            for (Map.Entry<String, DomainConfig> domain : plain.entrySet()) {
                boolean wanted = named
                        ? domain.getValue().name().equals(name)
                        : !taken || domain.getValue().takes().contains(key);
                if (wanted) {
                    changes.get(domain.getKey()).add(change);
                    used = true;
                }
            }
            if (!used) {
                problems.add(new Problem(
                        ConfigSource.COMMAND_LINE, 0, override, "no domain of this setup is called '" + name + "'"));
            }
        }
        return changes;
    }

    private List<DomainConfig> ordered(Map<String, DomainConfig> domains) {
        var ordered = new ArrayList<DomainConfig>();
        var done = new HashSet<String>();
        for (DomainConfig domain : domains.values()) {
            visit(domain, domains, ordered, done, new TreeSet<>());
        }
        return ordered;
    }

    private void visit(
            DomainConfig domain,
            Map<String, DomainConfig> domains,
            List<DomainConfig> ordered,
            Set<String> done,
            Set<String> above) {
        if (done.contains(domain.name())) {
            return;
        }
        if (!above.add(domain.name())) {
            problems.add(new Problem(domain.source(), 0, "after", "domains wait for each other: " + above));
            return;
        }
        for (String name : domain.after()) {
            DomainConfig before = domains.get(name);
            if (before == null) {
                problems.add(
                        new Problem(domain.source(), 0, "after", "no domain of this setup is called '" + name + "'"));
            } else {
                visit(before, domains, ordered, done, above);
            }
        }
        above.remove(domain.name());
        if (done.add(domain.name())) {
            ordered.add(domain);
        }
    }

    private void refuse() {
        if (!problems.isEmpty()) {
            throw new ConfigException(problems);
        }
    }
}
