// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.config;

import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.regex.Pattern;

/**
 * A device that a driver makes, as the {@code vdev} key describes it: {@code type=vecho,devid=0,key=value}, or the type alone in
 * front.
 *
 * @param type the driver's device type
 * @param devid the number in xenstore's paths; empty: the lowest that is free
 * @param settings what is meant for the driver, in the order in which it was given
 */
public record VdevConfig(String type, OptionalInt devid, Map<String, String> settings) {
    private static final Pattern TYPE = Pattern.compile("[a-z][a-z0-9_]{0,30}");
    private static final Pattern KEY = Pattern.compile("[A-Za-z][A-Za-z0-9_.-]{0,62}");
    private static final int MAX_DEVID = 0xfff_ffff;

    /** Checks names and numbers. */
    public VdevConfig {
        if (!TYPE.matcher(type).matches()) {
            throw new IllegalArgumentException("'" + Lexer.printable(type) + "' is no device type");
        }
        if (devid.isPresent() && (devid.getAsInt() < 0 || devid.getAsInt() > MAX_DEVID)) {
            throw new IllegalArgumentException("devid " + devid.getAsInt() + "; expected 0 to " + MAX_DEVID);
        }
        settings = Collections.unmodifiableMap(new LinkedHashMap<>(Objects.requireNonNull(settings)));
    }

    /**
     * Reads a specification with commas between its parts.
     *
     * @throws IllegalArgumentException what is wrong with it
     */
    public static VdevConfig parse(String spec) {
        return parse(Arrays.asList(spec.split(",", -1)));
    }

    /**
     * Reads a specification's parts, in which commas are nothing special.
     *
     * @throws IllegalArgumentException what is wrong with them
     */
    public static VdevConfig parse(List<String> parts) {
        var values = new LinkedHashMap<String, String>();
        for (int i = 0; i < parts.size(); i++) {
            String part = parts.get(i).strip();
            int equals = part.indexOf('=');
            String key = equals < 0 && i == 0
                    ? "type"
                    : part.substring(0, Math.max(0, equals)).strip();
            if (!KEY.matcher(key).matches()) {
                throw new IllegalArgumentException("'" + Lexer.printable(part) + "'; expected key=value");
            }
            if (values.put(key, part.substring(equals + 1).strip()) != null) {
                throw new IllegalArgumentException(key + " is given twice");
            }
        }
        String type = values.remove("type");
        if (type == null) {
            throw new IllegalArgumentException("no type; expected TYPE,key=value or type=TYPE,key=value");
        }
        return new VdevConfig(type, devid(values.remove("devid")), values);
    }

    private static OptionalInt devid(String text) {
        if (text == null) {
            return OptionalInt.empty();
        }
        OptionalInt number = Numbers.parseInt(text);
        if (number.isEmpty()) {
            throw new IllegalArgumentException("devid '" + Lexer.printable(text) + "' is no number");
        }
        return number;
    }

    /** The same, with this number. */
    public VdevConfig withDevid(int number) {
        return new VdevConfig(type, OptionalInt.of(number), settings);
    }
}
