// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The compiled public classes of this package and those below it, found by looking; without {@code paging}, which is not Xen's. */
final class AbiClasses {
    private AbiClasses() {}

    static List<Class<?>> all() throws IOException, URISyntaxException {
        Path classes = Path.of(XenErrno.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
        try (Stream<Path> files = Files.walk(classes.resolve("io/splitvisor/abi"))) {
            return files.map(file -> classes.relativize(file).toString())
                    .filter(name -> name.endsWith(".class") && !name.contains("$") && !name.endsWith("-info.class"))
                    .filter(name -> !name.startsWith("io/splitvisor/abi/paging/"))
                    .sorted()
                    .<Class<?>>map(AbiClasses::load)
                    .filter(type -> Modifier.isPublic(type.getModifiers()))
                    .toList();
        }
    }

    /** Public constants of one primitive type. */
    static List<Field> constants(Class<?> type, Class<?> ofType) {
        return Arrays.stream(type.getDeclaredFields())
                .filter(field -> Modifier.isStatic(field.getModifiers()) && Modifier.isPublic(field.getModifiers()))
                .filter(field -> field.getType() == ofType)
                .toList();
    }

    /** Offsets by their constant's name: numbers, or declared fields. */
    static Map<String, Long> offsets(Class<?> type) {
        Map<String, Long> offsets = new HashMap<>();
        constants(type, long.class).forEach(constant -> offsets.put(constant.getName(), value(constant)));
        declared(type).forEach((name, field) -> offsets.put(name, field.offset()));
        return offsets;
    }

    /** Declared fields by their constant's name; none in a structure that is written by hand. */
    static Map<String, io.splitvisor.driver.Field> declared(Class<?> type) {
        Map<String, io.splitvisor.driver.Field> fields = new HashMap<>();
        for (Field constant : type.getFields()) {
            if (io.splitvisor.driver.Field.class.isAssignableFrom(constant.getType())) {
                fields.put(constant.getName(), (io.splitvisor.driver.Field) object(constant));
            }
        }
        return fields;
    }

    static long value(Field constant) {
        return ((Number) object(constant)).longValue();
    }

    private static Object object(Field constant) {
        try {
            return constant.get(null);
        } catch (ReflectiveOperationException e) {
            throw new LinkageError(e.getMessage(), e);
        }
    }

    private static Class<?> load(String file) {
        try {
            return Class.forName(
                    file.substring(0, file.length() - ".class".length()).replace('/', '.'));
        } catch (ReflectiveOperationException e) {
            throw new LinkageError(e.getMessage(), e);
        }
    }
}
