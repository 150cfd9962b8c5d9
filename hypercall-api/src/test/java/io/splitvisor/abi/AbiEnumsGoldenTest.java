// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.io.BlkifProtocol;
import io.splitvisor.abi.io.BlkifRequest;
import io.splitvisor.abi.io.XenbusState;
import io.splitvisor.xenstore.XsError;
import io.splitvisor.xenstore.XsMessageType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Holds the enumerations, and the error numbers, against Xen's headers. */
class AbiEnumsGoldenTest {
    /** Classes that this test covers, for the test that looks for classes without one. */
    static final List<Class<?>> ALL =
            List.of(XenErrno.class, ShutdownReason.class, XenbusState.class, BlkifProtocol.class);

    @Test
    void shouldKnowEveryErrorNumberBothWays() {
        Map<String, Long> expected = new HashMap<>();
        Layout.table("xen_errno", "value").forEach((name, value) -> expected.put(name.replace("XEN_", ""), value));
        Map<String, Long> actual = AbiClasses.constants(XenErrno.class, int.class).stream()
                .filter(field -> !field.getName().equals("MAX_ERRNO"))
                .collect(toMap(field -> field.getName(), AbiClasses::value));
        assertThat(actual).containsExactlyInAnyOrderEntriesOf(expected);
        expected.forEach((name, value) -> {
            assertThat(XenErrno.numberOf(name)).hasValue((int) (long) value);
            String canonical = XenErrno.nameOf(value);
            assertThat(expected).containsEntry(canonical, value);
            assertThat(XenErrno.nameOf(-value)).isEqualTo(canonical);
        });
    }

    @Test
    void shouldTellErrorsFromValues() {
        assertThat(XenErrno.isError(-1)).isTrue();
        assertThat(XenErrno.isError(-4095)).isTrue();
        assertThat(XenErrno.isError(-4096)).isFalse();
        assertThat(XenErrno.isError(0)).isFalse();
        assertThat(XenErrno.isError(Long.MIN_VALUE)).isFalse();
        assertThat(XenErrno.nameOf(0)).isEqualTo("OK");
        assertThat(XenErrno.nameOf(-4000)).isEqualTo("errno 4000");
        assertThat(XenErrno.nameOf(Long.MIN_VALUE)).startsWith("errno ");
        assertThat(XenErrno.numberOf("EWHAT")).isEmpty();
        assertThat(XenErrno.numberOf("OK")).isEmpty();
    }

    @Test
    void shouldNumberShutdownReasonsAsTheHeader() {
        Map<String, Long> expected = upper("sched", "SHUTDOWN_", "SHUTDOWN_MAX");
        assertThat(byName(Stream.of(ShutdownReason.values()), ShutdownReason::code))
                .isEqualTo(expected);
        for (ShutdownReason reason : ShutdownReason.values()) {
            assertThat(ShutdownReason.of(reason.code())).hasValue(reason);
        }
        long most = Layout.constants("sched").get("SHUTDOWN_MAX");
        assertThat(ShutdownReason.of((int) most + 1)).isEmpty();
        assertThat(ShutdownReason.of(-1)).isEmpty();
    }

    @Test
    void shouldNumberXenbusStatesAsTheHeader() {
        Map<String, Long> expected = new LinkedHashMap<>();
        Layout.constants("io/xenbus").forEach((name, value) -> expected.put(name, value));
        Map<String, Long> actual = byName(Stream.of(XenbusState.values()), XenbusState::code);
        assertThat(expected).hasSameSizeAs(actual);
        expected.forEach((name, value) -> {
            String java = name.substring("XenbusState".length()).replaceAll("(?<=[a-z])(?=[A-Z])", "_");
            assertThat(actual).containsEntry(java.toUpperCase(Locale.ROOT), value);
            assertThat(XenbusState.of((int) (long) value).code()).isEqualTo((int) (long) value);
        });
        assertThat(XenbusState.of(9)).isEqualTo(XenbusState.UNKNOWN);
        assertThat(XenbusState.of(-1)).isEqualTo(XenbusState.UNKNOWN);
    }

    @Test
    void shouldNumberMessageTypesAsTheHeader() {
        Map<String, Long> expected = upper("io/xs_wire", "XS_", "XS_(DEBUG|TYPE_COUNT|WATCH_PATH|WATCH_TOKEN|INVALID)");
        // What the 4.23 headers add.
        expected.putAll(Map.of("GET_FEATURE", 23L, "SET_FEATURE", 24L, "GET_QUOTA", 25L, "SET_QUOTA", 26L));
        assertThat(byName(Stream.of(XsMessageType.values()), XsMessageType::code))
                .isEqualTo(expected);
        for (XsMessageType type : XsMessageType.values()) {
            assertThat(XsMessageType.of(type.code())).isEqualTo(type);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {20, 27, 0xffff, 0x10000, Integer.MAX_VALUE, -1, Integer.MIN_VALUE})
    void shouldKnowNoOtherMessageType(int code) {
        assertThat(XsMessageType.of(code)).isNull();
    }

    @Test
    void shouldKeepTheOrderOfXenstoresErrors() {
        List<String> expected = List.copyOf(Layout.table("xsd_errors", "errno").keySet());
        assertThat(Stream.of(XsError.values()).map(Enum::name)).containsExactlyElementsOf(expected);
        for (XsError error : XsError.values()) {
            assertThat(XsError.named(error.name())).isEqualTo(error);
        }
        assertThat(XsError.named("ENXIO")).isEqualTo(XsError.EINVAL);
    }

    @Test
    void shouldNameBlockProtocolsAndSizesAsTheHeaders() {
        assertThat(BlkifProtocol.named(Layout.string("io/protocols", "XEN_IO_PROTO_ABI_X86_32")))
                .hasValue(BlkifProtocol.X86_32);
        assertThat(BlkifProtocol.named(Layout.string("io/protocols", "XEN_IO_PROTO_ABI_NATIVE")))
                .hasValue(BlkifProtocol.X86_64);
        assertThat(BlkifProtocol.named(Layout.string("io/protocols", "XEN_IO_PROTO_ABI_ARM")))
                .isEmpty();
        assertThat(BlkifProtocol.X86_64.requestSize()).isEqualTo((int) Layout.size("blkif_request"));
        assertThat(BlkifProtocol.X86_64.responseSize()).isEqualTo((int) Layout.size("blkif_response"));
        assertThat(BlkifProtocol.X86_32.requestSize()).isEqualTo((int) Layout.size32("blkif_request"));
        assertThat(BlkifProtocol.X86_32.responseSize()).isEqualTo((int) Layout.size32("blkif_response"));
        assertThat(BlkifProtocol.X86_64.slotSize()).isEqualTo((int) Layout.size("blkif_sring_entry"));
        assertThat(BlkifProtocol.X86_32.slotSize()).isEqualTo((int) Layout.size32("blkif_sring_entry"));
        assertThat(Layout.fields32("blkif_response").stream().map(Layout.Field::offset))
                .isEqualTo(Layout.fields("blkif_response").values().stream()
                        .map(Layout.Field::offset)
                        .toList());
    }

    @ParameterizedTest
    @ValueSource(strings = {"blkif_request", "blkif_request_discard", "blkif_request_indirect"})
    void shouldTranslateEveryFieldOfA32BitRequest(String struct) {
        byte[] slot = new byte[200];
        new Random(1).nextBytes(slot);
        byte[] request = new byte[200];
        BlkifProtocol.X86_32.copyRequest(MemorySegment.ofArray(slot), 12, MemorySegment.ofArray(request), 40);
        Map<String, Layout.Field> native64 = Layout.fields(struct);
        for (Layout.Field field : Layout.fields32(struct)) {
            if (native64.containsKey(field.name())) {
                int from = (int) field.offset() + 12;
                int to = (int) native64.get(field.name()).offset() + 40;
                assertThat(Arrays.copyOfRange(request, to, to + (int) field.size()))
                        .as(field.name())
                        .isEqualTo(Arrays.copyOfRange(slot, from, from + (int) field.size()));
            }
        }
        byte[] back = new byte[200];
        BlkifProtocol.X86_32.putRequest(MemorySegment.ofArray(request), 40, MemorySegment.ofArray(back), 12);
        assertThat(Arrays.copyOfRange(back, 12, 120)).isEqualTo(Arrays.copyOfRange(slot, 12, 120));
        assertThat(Arrays.copyOfRange(back, 120, 200)).containsOnly(0);
    }

    @Test
    void shouldCopyA64BitRequestAsItIs() {
        MemorySegment slot = MemorySegment.ofArray(new byte[200]);
        byte[] bytes = new byte[200];
        new Random(2).nextBytes(bytes);
        slot.copyFrom(MemorySegment.ofArray(bytes));
        MemorySegment request = MemorySegment.ofArray(new byte[BlkifRequest.SIZE]);
        BlkifProtocol.X86_64.copyRequest(slot, 9, request, 0);
        assertThat(request.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(Arrays.copyOfRange(bytes, 9, 9 + 112));
    }

    private static Map<String, Long> upper(String header, String prefix, String leftOut) {
        Map<String, Long> result = new LinkedHashMap<>();
        Layout.constants(header).forEach((name, value) -> {
            if (name.startsWith(prefix) && !name.matches(leftOut)) {
                result.put(name.substring(prefix.length()).toUpperCase(Locale.ROOT), value);
            }
        });
        return result;
    }

    private static <E extends Enum<E>> Map<String, Long> byName(
            Stream<E> values, java.util.function.ToIntFunction<E> number) {
        Map<String, Long> result = new LinkedHashMap<>();
        values.forEach(value -> result.put(value.name(), (long) number.applyAsInt(value)));
        return result;
    }
}
