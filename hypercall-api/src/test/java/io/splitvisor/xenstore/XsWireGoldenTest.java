// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.xenstore;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Numbers and names of io/xs_wire.h. */
class XsWireGoldenTest {
    @Test
    void shouldNumberMessageTypesAsTheHeaderDoes() {
        String[] expected = {
            "0 CONTROL",
            "1 DIRECTORY",
            "2 READ",
            "3 GET_PERMS",
            "4 WATCH",
            "5 UNWATCH",
            "6 TRANSACTION_START",
            "7 TRANSACTION_END",
            "8 INTRODUCE",
            "9 RELEASE",
            "10 GET_DOMAIN_PATH",
            "11 WRITE",
            "12 MKDIR",
            "13 RM",
            "14 SET_PERMS",
            "15 WATCH_EVENT",
            "16 ERROR",
            "17 IS_DOMAIN_INTRODUCED",
            "18 RESUME",
            "19 SET_TARGET",
            "21 RESET_WATCHES",
            "22 DIRECTORY_PART",
            "23 GET_FEATURE",
            "24 SET_FEATURE",
            "25 GET_QUOTA",
            "26 SET_QUOTA"
        };
        List<String> types = Arrays.stream(XsMessageType.values())
                .map(type -> type.code() + " " + type.name())
                .toList();
        assertThat(types).containsExactly(expected);
        for (XsMessageType type : XsMessageType.values()) {
            assertThat(XsMessageType.of(type.code())).isEqualTo(type);
        }
        assertThat(XsMessageType.of(20)).isNull();
        assertThat(XsMessageType.of(27)).isNull();
        assertThat(XsMessageType.of(-1)).isNull();
        assertThat(XsMessageType.of(0xffff)).isNull();
    }

    @Test
    void shouldOrderErrorsAsTheHeaderDoes() {
        assertThat(XsError.values())
                .extracting(XsError::name)
                .containsExactly(
                        "EINVAL",
                        "EACCES",
                        "EEXIST",
                        "EISDIR",
                        "ENOENT",
                        "ENOMEM",
                        "ENOSPC",
                        "EIO",
                        "ENOTEMPTY",
                        "ENOSYS",
                        "EROFS",
                        "EBUSY",
                        "EAGAIN",
                        "EISCONN",
                        "E2BIG",
                        "EPERM");
        assertThat(XsError.named("EAGAIN")).isEqualTo(XsError.EAGAIN);
        assertThat(XsError.named("ENEWER")).isEqualTo(XsError.EINVAL);
    }

    @Test
    void shouldLayTheInterfacePageOut() {
        assertThat(new int[] {
                    XsWire.REQ,
                    XsWire.RSP,
                    XsWire.REQ_CONS,
                    XsWire.REQ_PROD,
                    XsWire.RSP_CONS,
                    XsWire.RSP_PROD,
                    XsWire.SERVER_FEATURES,
                    XsWire.CONNECTION,
                    XsWire.ERROR,
                    XsWire.EVTCHN_PORT
                })
                .containsExactly(0, 1024, 2048, 2052, 2056, 2060, 2064, 2068, 2072, 2076);
    }

    @Test
    void shouldEncodeLittleEndian() {
        byte[] bytes = new XsMessage(2, 0x01020304, 5, new byte[] {'a', 0}).encode();
        assertThat(bytes).containsExactly(2, 0, 0, 0, 4, 3, 2, 1, 5, 0, 0, 0, 2, 0, 0, 0, 'a', 0);
    }
}
