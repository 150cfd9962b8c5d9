// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.config;

import io.splitvisor.dom0.config.DiskConfig.BackendType;
import io.splitvisor.dom0.config.DiskConfig.Format;
import io.splitvisor.dom0.config.DiskConfig.Specification;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * xl's disk specification: {@code [key=value | flag,]* [target,[format,[vdev,[access]]]] [key=value | flag,]*
 * [target=REST]}, with the prefixes of older versions ({@code phy:}, {@code raw:}, {@code drbd:}, ...). Each parameter may be
 * given once; an empty one counts as not given. {@code target=} takes the rest of the string, commas included.
 */
final class DiskSpec {
    private static final Pattern FORMAT_PREFIX = Pattern.compile("(raw|qcow2?|vhd):(?!//)");
    private static final Pattern SCRIPT_PREFIX = Pattern.compile("(iscsi|e?nbd|drbd):(?!//)");
    private static final Pattern IGNORED_PREFIX = Pattern.compile("(tapdisk|tap2?|aio|ioemu|file|phy):");
    private static final Pattern UNKNOWN_PREFIX = Pattern.compile("[a-z][a-z0-9]*:(?=[^a-z0-9]|$)");
    private static final Pattern NBD_URI = Pattern.compile("nbds?(\\+unix)?://.*", Pattern.DOTALL);
    private static final List<String> FLAGS =
            List.of("cdrom", "direct-io-safe", "discard", "no-discard", "trusted", "untrusted", "colo", "no-colo");
    private static final List<String> KEYS = List.of(
            "format",
            "devtype",
            "access",
            "backend",
            "backendtype",
            "specification",
            "vdev",
            "script",
            "target",
            "grant_usage",
            "colo-host",
            "colo-port",
            "colo-export",
            "active-disk",
            "hidden-disk");

    private final Path folder;
    private final Map<String, String> values = new HashMap<>();
    private final Map<String, Boolean> choices = new HashMap<>();
    private boolean accessGiven;
    private boolean prefixed;

    DiskSpec(Path folder) {
        this.folder = folder;
    }

    DiskConfig parse(List<String> parts) {
        parts.forEach(this::part);
        boolean cdrom = choices.getOrDefault("cdrom", false);
        String target = values.getOrDefault("target", "");
        if (values.getOrDefault("vdev", "").isEmpty()) {
            throw new IllegalArgumentException("no vdev specified; expected TARGET,FORMAT,VDEV,ACCESS or vdev=xvda");
        }
        boolean writable = !cdrom && isWritable(values.getOrDefault("access", ""));
        Format format = cdrom && target.isEmpty() ? Format.EMPTY : one(Format.class, "format", Format.RAW);
        if (format == Format.EMPTY && !target.isEmpty()) {
            throw new IllegalArgumentException("format empty goes without a target");
        }
        return new DiskConfig(
                resolved(target),
                format,
                values.get("vdev"),
                writable,
                cdrom,
                given("backend"),
                given("backendtype").map(_ -> one(BackendType.class, "backendtype", BackendType.PHY)),
                given("script"),
                choices.getOrDefault("direct-io-safe", false),
                Optional.ofNullable(choices.get("discard")),
                Optional.ofNullable(choices.get("trusted")),
                one(Specification.class, "specification", Specification.XEN),
                Optional.ofNullable(choices.get("grant_usage")));
    }

    private void part(String spec) {
        String rest = spec;
        while (true) {
            rest = rest.stripLeading();
            if (rest.isEmpty()) {
                return;
            }
            if (rest.startsWith("target=")) {
                once("target", rest.substring("target=".length()));
                return;
            }
            Optional<String> behindPrefix = prefix(rest);
            if (behindPrefix.isPresent()) {
                rest = behindPrefix.get();
                continue;
            }
            int comma = rest.indexOf(',');
            parameter(comma < 0 ? rest : rest.substring(0, comma), rest);
            if (comma < 0) {
                return;
            }
            rest = rest.substring(comma + 1);
        }
    }

    /** What follows a prefix of the old syntax, empty where there is none. */
    private Optional<String> prefix(String rest) {
        if (values.containsKey("target") || NBD_URI.matcher(rest).matches()) {
            return Optional.empty();
        }
        Matcher matcher = FORMAT_PREFIX.matcher(rest);
        if (matcher.lookingAt()) {
            once("format", matcher.group(1));
        } else if (matcher.usePattern(SCRIPT_PREFIX).lookingAt()) {
            once("script", "block-" + matcher.group(1));
        } else if (!matcher.usePattern(IGNORED_PREFIX).lookingAt()) {
            if (matcher.usePattern(UNKNOWN_PREFIX).lookingAt()) {
                throw new IllegalArgumentException("unknown disk prefix '" + matcher.group()
                        + "'; a target with a colon" + " goes last, as target=" + Lexer.printable(rest));
            }
            return Optional.empty();
        }
        prefixed = true;
        return Optional.of(rest.substring(matcher.end()));
    }

    private void parameter(String parameter, String rest) {
        int equals = parameter.indexOf('=');
        if (equals >= 0) {
            keyed(
                    parameter.substring(0, equals),
                    parameter.substring(equals + 1).strip(),
                    rest);
        } else if (FLAGS.contains(parameter.strip())) {
            flag(parameter.strip());
        } else {
            positional(parameter);
        }
    }

    private void flag(String flag) {
        switch (flag) {
            case "no-discard" -> choose("discard", false);
            case "untrusted" -> choose("trusted", false);
            case "colo", "no-colo" -> throw new IllegalArgumentException("COLO is not supported");
            default -> choose(flag, true);
        }
    }

    private void keyed(String key, String value, String rest) {
        if (value.isEmpty() && KEYS.contains(key)) {
            return; // as if it were not given
        }
        switch (key) {
            case "format", "backend", "backendtype", "specification", "vdev", "script" -> once(key, value);
            case "access" -> {
                isWritable(value);
                accessGiven = true;
                once(key, value);
            }
            case "devtype" -> {
                if (!value.equals("cdrom") && !value.equals("disk")) {
                    throw unknown("devtype", value, List.of("cdrom", "disk"));
                }
                choose("cdrom", value.equals("cdrom"));
            }
            case "grant_usage" -> {
                if (!value.equals("0") && !value.equals("1")) {
                    throw unknown("grant_usage", value, List.of("0", "1"));
                }
                choose("grant_usage", value.equals("1"));
            }
            default -> {
                if (KEYS.contains(key)) {
                    throw new IllegalArgumentException("COLO is not supported (" + key + ")");
                }
                String near = Nearest.to(key, KEYS)
                        .map(k -> "; did you mean " + k + "=?")
                        .orElse("");
                throw new IllegalArgumentException(
                        "unknown parameter '" + Lexer.printable(key) + "' near '" + Lexer.printable(rest) + "'" + near);
            }
        }
    }

    /** xl's order: target, format (unless a prefix or key gave it), vdev, access. */
    private void positional(String parameter) {
        if (!values.containsKey("target")) {
            values.put("target", parameter);
        } else if (!prefixed && !values.containsKey("format")) {
            formatOrDrive(parameter.strip());
        } else if (!values.containsKey("vdev")) {
            if (!drive(parameter.strip())) {
                values.put("vdev", parameter.strip());
            }
        } else if (!accessGiven) {
            accessGiven = true;
            isWritable(parameter.strip());
            values.put("access", parameter.strip());
        } else {
            throw new IllegalArgumentException("too many positional parameters: '" + Lexer.printable(parameter) + "'");
        }
    }

    private void formatOrDrive(String parameter) {
        if (values.get("target").isEmpty() && drive(parameter)) {
            values.put("format", "empty");
        } else {
            values.put("format", parameter.isEmpty() ? "raw" : parameter);
        }
    }

    /** The old {@code hdc:cdrom}. */
    private boolean drive(String parameter) {
        int colon = parameter.lastIndexOf(':');
        if (colon < 0) {
            return false;
        }
        once("vdev", parameter.substring(0, colon));
        switch (parameter.substring(colon + 1)) {
            case "cdrom" -> choose("cdrom", true);
            case "disk" -> choose("cdrom", false);
            default -> throw unknown("device type", parameter.substring(colon + 1), List.of("cdrom", "disk"));
        }
        return true;
    }

    private void once(String key, String value) {
        String before = values.get(key);
        if (before != null && !before.isEmpty() && !before.equals(value)) {
            throw new IllegalArgumentException(key + " respecified: '" + before + "', then '" + value + "'");
        }
        values.put(key, value);
    }

    private void choose(String key, boolean value) {
        choices.put(key, value);
    }

    private Optional<String> given(String key) {
        return Optional.ofNullable(values.get(key)).filter(value -> !value.isEmpty());
    }

    private <E extends Enum<E>> E one(Class<E> type, String key, E none) {
        String value = values.getOrDefault(key, "");
        if (value.isEmpty()) {
            return none;
        }
        for (E choice : type.getEnumConstants()) {
            if (choice.name().toLowerCase(Locale.ROOT).equals(value)) {
                return choice;
            }
        }
        throw unknown(key, value, List.of(type.getEnumConstants()));
    }

    private static boolean isWritable(String access) {
        return switch (access) {
            case "", "w", "rw" -> true;
            case "r", "ro" -> false;
            default -> throw unknown("access", access, List.of("r", "ro", "w", "rw"));
        };
    }

    private static IllegalArgumentException unknown(String what, String value, List<?> choices) {
        return new IllegalArgumentException(
                "unknown value for " + what + ": '" + Lexer.printable(value) + "'; expected one of "
                        + choices.toString().toLowerCase(Locale.ROOT).replaceAll("[\\[\\]]", ""));
    }

    private String resolved(String target) {
        if (target.isEmpty() || NBD_URI.matcher(target).matches()) {
            return target;
        }
        Optional<String> script = given("script");
        if (script.isPresent()) {
            return script.get().equals("block-nbd") ? "nbd://" + target : target; // the script's own word for it
        }
        try {
            return folder.resolve(target).normalize().toString();
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException("'" + Lexer.printable(target) + "' is no file name", e);
        }
    }
}
