// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.config;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Text to make a {@link DomainConfig} of: a file's, and {@code key=value} from the command line, which come later and win.
 *
 * @param name what messages call the text, mostly a file's name
 * @param text the text
 * @param folder what relative paths in it are relative to
 * @param overrides {@code key=value} texts; each may hold several, separated by semicolons
 * @param overrideFolder what relative paths in those are relative to: the user's folder
 */
public record ConfigSource(String name, String text, Path folder, List<String> overrides, Path overrideFolder) {
    /** What messages call the overrides. */
    public static final String COMMAND_LINE = "command line";

    /** The longest text that is read, in characters. No configuration comes near it. */
    public static final int MAX_LENGTH = 1 << 20;

    private static final Pattern BARE = Pattern.compile("([a-z][._0-9a-z]*) *= *([^\\s'\"\\[].*)", Pattern.DOTALL);

    /** Copies the list. */
    public ConfigSource {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(text, "text");
        Objects.requireNonNull(folder, "folder");
        Objects.requireNonNull(overrideFolder, "overrideFolder");
        overrides = List.copyOf(overrides);
    }

    /** A text without a file: relative paths are relative to the process's folder. */
    public static ConfigSource of(String name, String text) {
        Path here = Path.of("").toAbsolutePath();
        return new ConfigSource(name, text, here, List.of(), here);
    }

    /**
     * A file with overrides. {@code /dev/null} is an empty file in the user's folder.
     *
     * @param file the file, as the user named it
     * @param overrides {@code key=value} texts
     * @throws ConfigException if it cannot be read
     */
    public static ConfigSource read(String file, List<String> overrides) {
        return read(file, Path.of("").toAbsolutePath(), overrides);
    }

    /**
     * A file with overrides.
     *
     * @param file the file, as the user named it
     * @param here the user's folder
     * @param overrides {@code key=value} texts
     * @throws ConfigException if it cannot be read
     */
    public static ConfigSource read(String file, Path here, List<String> overrides) {
        if (file.equals("/dev/null")) {
            return new ConfigSource(file, "", here, overrides, here);
        }
        try {
            Path path = here.resolve(file);
            if (Files.size(path) > MAX_LENGTH) {
                throw new ConfigException(new Problem(file, 0, "", "longer than " + MAX_LENGTH + " bytes"));
            }
            // Every byte sequence is a text in ISO 8859-1; names outside ASCII come out right where it is UTF-8.
            byte[] bytes = Files.readAllBytes(path);
            String utf8 = new String(bytes, StandardCharsets.UTF_8);
            String text = utf8.indexOf('\uFFFD') < 0 ? utf8 : new String(bytes, StandardCharsets.ISO_8859_1);
            return new ConfigSource(file, text, path.getParent(), overrides, here);
        } catch (IOException | RuntimeException e) {
            if (e instanceof ConfigException known) {
                throw known;
            }
            throw new ConfigException(new Problem(file, 0, "", "cannot read: " + FileError.reason(e)));
        }
    }

    /**
     * Reads and checks the configuration.
     *
     * @throws ConfigException with everything that is wrong with it
     */
    public ParsedConfig parse() {
        var problems = new ArrayList<Problem>();
        if (text.length() > MAX_LENGTH) {
            throw new ConfigException(new Problem(name, 0, "", "longer than " + MAX_LENGTH + " characters"));
        }
        var settings = new LinkedHashMap<String, Setting>();
        Parser.parse(name, folder, text, settings, problems);
        overrides.forEach(override -> override(override, settings, problems));
        return new ConfigReader(name, settings, problems).read();
    }

    /** A shell has eaten the quotes of {@code name=x}: what is no value in the language is text. */
    private void override(String override, Map<String, Setting> settings, List<Problem> problems) {
        var scratch = new LinkedHashMap<>(settings);
        var scratchProblems = new ArrayList<Problem>();
        Parser.parse(COMMAND_LINE, overrideFolder, override, scratch, scratchProblems);
        Matcher bare = BARE.matcher(override);
        if (scratchProblems.isEmpty() || !bare.matches()) {
            settings.putAll(scratch);
            problems.addAll(scratchProblems);
        } else {
            var text = new Value.Atom(bare.group(2).strip(), true, 1, overrideFolder);
            String key = bare.group(1);
            settings.put(key, new Setting(key, text, COMMAND_LINE, settings.get(key)));
        }
    }
}
