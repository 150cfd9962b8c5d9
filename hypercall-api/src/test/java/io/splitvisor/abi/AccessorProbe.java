// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Calls a field's accessors by name and looks which bytes they touch. */
final class AccessorProbe {
    /** Where the structure starts: no offset may be taken from the start of memory instead. */
    private static final long AT = 64;

    private final Class<?> type;
    private final Layout.Field field;
    private final String name;

    AccessorProbe(Class<?> type, String constant, Layout.Field field) {
        this.type = type;
        this.field = field;
        this.name = camel(constant);
    }

    void check() {
        Optional<Method> place = method(long.class);
        if (place.isEmpty()) {
            place = method(long.class, int.class);
        }
        if (place.isPresent()) {
            checkPlace(place.get());
        } else {
            checkScalar(0);
            if (field.isArray()) {
                checkScalar((int) (field.size() / field.elem()) - 1);
            }
        }
    }

    /** An inner structure: the accessor tells where it starts. */
    private void checkPlace(Method place) {
        boolean isArray = place.getParameterCount() == 2;
        assertThat(isArray).as(name).isEqualTo(field.isArray());
        assertThat(isArray ? call(place, AT, 0) : call(place, AT)).as(name).isEqualTo(AT + field.offset());
        if (isArray) {
            assertThat(call(place, AT, 3)).as(name).isEqualTo(AT + field.offset() + 3 * field.elem());
        }
    }

    /** A number: all ones, written and read, are the field's bytes and no other. */
    private void checkScalar(int index) {
        Class<?> number = field.elem() == Long.BYTES ? long.class : int.class;
        Method getter = scalar(number, false);
        Method setter = scalar(number, true);
        byte[] expected = new byte[(int) (2 * AT + field.offset() + field.size())];
        int from = (int) (AT + field.offset() + index * field.elem());
        Arrays.fill(expected, from, from + (int) field.elem(), (byte) 0xff);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(expected.length, 8);
            if (field.isArray()) {
                call(setter, memory, AT, index, allOnes(number));
                assertThat(call(getter, memory, AT, index)).as(name).isEqualTo(readBack(number));
            } else {
                call(setter, memory, AT, allOnes(number));
                assertThat(call(getter, memory, AT)).as(name).isEqualTo(readBack(number));
            }
            assertThat(memory.toArray(ValueLayout.JAVA_BYTE)).as(name).isEqualTo(expected);
        }
    }

    private Method scalar(Class<?> number, boolean isSetter) {
        List<Class<?>> parameters = new ArrayList<>(List.of(MemorySegment.class, long.class));
        if (field.isArray()) {
            parameters.add(int.class);
        }
        if (isSetter) {
            parameters.add(number);
        }
        Method method = method(parameters.toArray(Class<?>[]::new))
                .orElseThrow(() -> new AssertionError(type.getSimpleName() + "." + name + parameters + " is missing"));
        assertThat(method.getReturnType()).isEqualTo(isSetter ? void.class : number);
        return method;
    }

    private static Object allOnes(Class<?> number) {
        if (number == long.class) {
            return -1L;
        }
        return -1;
    }

    /** Unsigned types of 8 and 16 bits widen without a sign. */
    private Object readBack(Class<?> number) {
        if (!field.signed() && field.elem() < Integer.BYTES) {
            return (1 << (8 * field.elem())) - 1;
        }
        return allOnes(number);
    }

    private Optional<Method> method(Class<?>... parameters) {
        return Stream.of(type.getMethods())
                .filter(method -> method.getName().equals(name))
                .filter(method -> Arrays.equals(method.getParameterTypes(), parameters))
                .findFirst();
    }

    private static Object call(Method method, Object... arguments) {
        try {
            return method.invoke(null, arguments);
        } catch (ReflectiveOperationException e) {
            throw new LinkageError(e.getMessage(), e);
        }
    }

    private static String camel(String constant) {
        return Pattern.compile("_(.)")
                .matcher(constant.toLowerCase(Locale.ROOT))
                .replaceAll(match -> match.group(1).toUpperCase(Locale.ROOT));
    }
}
