// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** The compiled classes of this package and those below it, found by looking; without {@code paging}, which is not Xen's. */
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

    static long value(Field constant) {
        try {
            return ((Number) constant.get(null)).longValue();
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
