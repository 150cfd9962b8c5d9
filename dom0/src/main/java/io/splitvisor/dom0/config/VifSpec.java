// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.config;

import io.splitvisor.dom0.config.VifConfig.Rate;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** xl's network interface specification. */
final class VifSpec {
    private static final Pattern RATE = Pattern.compile("([0-9]+)([GMK]?)([Bb])/s");
    private static final Pattern INTERVAL = Pattern.compile("([0-9]+)([mu]?)s?");
    private static final List<String> KEYS = List.of(
            "type",
            "mac",
            "bridge",
            "netdev",
            "gatewaydev",
            "ip",
            "script",
            "backend",
            "vifname",
            "model",
            "rate",
            "devid",
            "mtu",
            "vlan",
            "accel",
            "trusted",
            "untrusted");
    private static final long DEFAULT_INTERVAL_MICROS = 50_000;
    private static final long MAX_UINT32 = 0xffff_ffffL;

    private final Map<String, String> values = new HashMap<>();
    private Boolean trusted;

    VifConfig parse(String spec) {
        for (String part : spec.split(",", -1)) {
            if (!part.isBlank()) {
                part(part.strip());
            }
        }
        return new VifConfig(
                get("mac").map(VifSpec::mac),
                get("bridge"),
                get("gatewaydev"),
                get("type"),
                get("model"),
                get("vifname"),
                get("script"),
                get("ip"),
                get("backend"),
                get("rate").map(VifSpec::rate),
                number("devid", 65_535),
                number("mtu", 65_535),
                get("vlan"),
                Optional.ofNullable(trusted));
    }

    private void part(String part) {
        int equals = part.indexOf('=');
        String key = equals < 0 ? part : part.substring(0, equals).strip();
        if (equals < 0 && (key.equals("trusted") || key.equals("untrusted"))) {
            trusted = key.equals("trusted");
            return;
        }
        if (equals < 0 || !KEYS.contains(key)) {
            String near =
                    Nearest.to(key, KEYS).map(k -> "; did you mean " + k + "?").orElse("");
            throw new IllegalArgumentException("unrecognized argument '" + Lexer.printable(part) + "'" + near);
        }
        String value = part.substring(equals + 1).strip();
        if (key.equals("type") && !value.equals("vif") && !value.equals("ioemu")) {
            throw new IllegalArgumentException("unknown type '" + Lexer.printable(value) + "'; expected vif or ioemu");
        }
        values.put(key.equals("netdev") ? "gatewaydev" : key, value);
    }

    private Optional<String> get(String key) {
        return Optional.ofNullable(values.get(key)).filter(value -> !value.isEmpty());
    }

    private OptionalInt number(String key, int most) {
        Optional<String> text = get(key);
        if (text.isEmpty()) {
            return OptionalInt.empty();
        }
        OptionalInt number = Numbers.parseInt(text.get());
        if (number.isEmpty() || number.getAsInt() > most) {
            throw new IllegalArgumentException(
                    key + " '" + Lexer.printable(text.get()) + "'; expected a number from 0 to " + most);
        }
        return number;
    }

    /** One or two digits a part, as xl reads them. */
    private static String mac(String text) {
        String[] parts = text.split(":", -1);
        var mac = new StringBuilder();
        for (String part : parts) {
            if (parts.length != 6 || !part.matches("[0-9a-fA-F]{1,2}")) {
                throw new IllegalArgumentException(
                        "'" + Lexer.printable(text) + "' is no MAC address; expected for example 00:16:3e:01:02:03");
            }
            mac.append(mac.isEmpty() ? "" : ":").append(String.format("%02x", Integer.parseInt(part, 16)));
        }
        return mac.toString();
    }

    private static Rate rate(String text) {
        int at = text.indexOf('@');
        Matcher rate = RATE.matcher(at < 0 ? text : text.substring(0, at));
        Matcher interval = INTERVAL.matcher(at < 0 ? DEFAULT_INTERVAL_MICROS + "us" : text.substring(at + 1));
        if (!rate.matches() || !interval.matches()) {
            throw new IllegalArgumentException(
                    "invalid rate '" + Lexer.printable(text) + "'; expected for example 10Mb/s or 1MB/s@20ms");
        }
        long bytes = bounded(rate.group(1), text)
                * switch (rate.group(2)) {
                    case "G" -> 1_000_000_000L;
                    case "M" -> 1_000_000L;
                    case "K" -> 1_000L;
                    default -> 1L;
                };
        if (rate.group(3).equals("b")) {
            bytes /= 8;
        }
        long micros = bounded(interval.group(1), text)
                * switch (interval.group(2)) {
                    case "u" -> 1L;
                    case "m" -> 1_000L;
                    default -> 1_000_000L;
                };
        if (micros > MAX_UINT32 || bytes > Long.MAX_VALUE / Math.max(1, micros)) {
            throw new IllegalArgumentException("rate '" + Lexer.printable(text) + "' is too large");
        }
        return new Rate(bytes * micros / 1_000_000, micros);
    }

    private static long bounded(String digits, String text) {
        long number = digits.length() > 10 ? MAX_UINT32 + 1 : Long.parseLong(digits);
        if (number > MAX_UINT32) {
            throw new IllegalArgumentException("rate '" + Lexer.printable(text) + "' is too large");
        }
        return number;
    }
}
