// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.splitvisor.abi.grant.GrantEntryV1;
import io.splitvisor.abi.io.XenbusState;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever bytes a guest leaves in a structure, and wherever it puts it: reading is safe, and writing stays inside. */
class AbiAnyBytesPropertyTest {
    private static final int ROUNDS = 200;
    private static final int GUARD = 64;

    static Stream<StructClass> structs() {
        // Declared structures have no accessors of their own.
        return AbiStructsGoldenTest.drawn();
    }

    @ParameterizedTest
    @MethodSource("structs")
    void shouldReadAnyBytes(StructClass struct) {
        Random random = new Random(struct.struct.hashCode());
        MemorySegment memory = Arena.ofAuto().allocate(GUARD + size(struct) + GUARD, 8);
        List<Method> readers = methods(struct, false);
        for (int round = 0; round < ROUNDS; round++) {
            fill(memory, random);
            for (Method reader : readers) {
                long at = place(reader, random);
                Object[] arguments = arguments(struct, reader, memory, at, random);
                assertThatCode(() -> reader.invoke(null, arguments))
                        .as(reader.getName())
                        .doesNotThrowAnyException();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("structs")
    void shouldWriteAnyValueInsideTheStructure(StructClass struct) throws Exception {
        Random random = new Random(~struct.struct.hashCode());
        MemorySegment memory = Arena.ofAuto().allocate(GUARD + size(struct) + GUARD, 8);
        for (Method writer : methods(struct, true)) {
            for (int round = 0; round < ROUNDS; round++) {
                fill(memory, random);
                byte[] before = memory.toArray(ValueLayout.JAVA_BYTE);
                int at = (int) place(writer, random);
                writer.invoke(null, arguments(struct, writer, memory, at, random));
                byte[] after = memory.toArray(ValueLayout.JAVA_BYTE);
                Arrays.fill(before, at, at + size(struct), (byte) 0);
                Arrays.fill(after, at, at + size(struct), (byte) 0);
                assertThat(after).as(writer.getName()).isEqualTo(before);
            }
        }
        assertThat(size(struct)).isPositive();
    }

    @Test
    void shouldGiveEveryNumberAMeaning() {
        Random random = new Random(7);
        for (int round = 0; round < 100_000; round++) {
            int number = round < 1000 ? round - 500 : random.nextInt();
            assertThat(XenbusState.of(number)).isNotNull();
            assertThat(ShutdownReason.of(number)).isNotNull();
            assertThat(Hypercall.nameOf(number)).isNotEmpty();
            assertThat(XenErrno.nameOf(random.nextLong())).isNotEmpty();
            assertThat(DomId.isOrdinary(number)).isEqualTo(number >= 0 && number < 0x7ff0);
        }
    }

    /** Accessors that take memory; text is left to its own test, because it refuses what does not fit. */
    private static List<Method> methods(StructClass struct, boolean writers) {
        return Stream.of(struct.type.getDeclaredMethods())
                .filter(method -> Modifier.isPublic(method.getModifiers()) && method.getParameterCount() >= 2)
                .filter(method -> method.getParameterTypes()[0] == MemorySegment.class)
                .filter(method -> !List.of(method.getParameterTypes()).contains(String.class))
                .filter(method -> writers || method.getReturnType() != void.class)
                .toList();
    }

    /** Plain accessors take any place; those with a memory order need alignment, and so do their whole structures. */
    private static long place(Method method, Random random) {
        boolean isAligned = method.getName().matches(".*(Acquire|Release|Volatile|Since|resetIndices)")
                || List.of(VcpuInfo.class, SharedInfo.class, GrantEntryV1.class).contains(method.getDeclaringClass());
        return isAligned ? 8L * random.nextInt(1, 8) : random.nextInt(1, GUARD);
    }

    private static Object[] arguments(StructClass struct, Method method, MemorySegment memory, long at, Random random) {
        List<Object> result = new ArrayList<>(List.of(memory, at));
        boolean isIndexed = method.getParameterCount() > 2
                && method.getParameters()[2].getName().matches("index|port|word");
        for (int i = 2; i < method.getParameterCount(); i++) {
            Class<?> type = method.getParameterTypes()[i];
            if (i == 2 && isIndexed) {
                result.add(random.nextInt(bound(struct, method.getParameters()[2].getName())));
            } else if (type == long.class) {
                result.add(random.nextLong());
            } else {
                result.add(type == boolean.class ? (Object) random.nextBoolean() : (Object) random.nextInt());
            }
        }
        return result.toArray();
    }

    private static int bound(StructClass struct, String parameter) {
        return switch (parameter) {
            case "port" -> SharedInfo.EVTCHN_CHANNELS;
            case "word" -> SharedInfo.EVTCHN_WORDS;
            default ->
                struct.fields().values().stream()
                        .filter(Layout.Field::isArray)
                        .mapToInt(field -> (int) (field.size() / field.elem()))
                        .min()
                        .orElseThrow();
        };
    }

    private static int size(StructClass struct) {
        return (int) Layout.size(struct.struct);
    }

    private static void fill(MemorySegment memory, Random random) {
        byte[] bytes = new byte[(int) memory.byteSize()];
        random.nextBytes(bytes);
        memory.copyFrom(MemorySegment.ofArray(bytes));
    }
}
