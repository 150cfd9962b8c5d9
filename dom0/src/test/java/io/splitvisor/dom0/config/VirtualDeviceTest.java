// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class VirtualDeviceTest {
    @ParameterizedTest
    @CsvSource({
        "xvda, 51712",
        "xvda1, 51713",
        "xvdb, 51728",
        "xvdp15, 51967",
        "xvdq, 268439552",
        "xvda16, 268435472",
        "xvdz, 268441856",
        "xvdaa, 268442112",
        "d0p1, 51713",
        "d0p0, 51712",
        "d16p1, 268439553",
        "d0x10p1, 268439553",
        "hda, 768",
        "hdb, 832",
        "hdc, 5632",
        "hdd1, 5697",
        "hda63, 831",
        "sda, 2048",
        "sda1, 2049",
        "sdp15, 2303",
        "51712, 51712",
        "0xca00, 51712",
        "0145000, 51712",
        "0, 0"
    })
    void shouldNumberDevicesAsXenDoes(String name, int number) {
        assertThat(VirtualDevice.number(name)).hasValue(number);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "xvd",
                "xvda0",
                "xvda01",
                "xvda256",
                "xvdA",
                "hde",
                "hda64",
                "sdq",
                "sda16",
                "vda",
                "d0",
                "d0p256",
                "dp",
                "d1048576p0",
                "08",
                "-1",
                "2147483648",
                "99999999999999999999",
                "xvda 1",
                "zzzzzzzzzzzz",
                "xvdzzzzzzzzzz"
            })
    void shouldRefuseWhatIsNoDevice(String name) {
        assertThat(VirtualDevice.number(name)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "51712, xvda",
        "51713, xvda1",
        "51967, xvdp15",
        "268439552, xvdq",
        "268442112, xvdaa",
        "268435472, xvda16"
    })
    void shouldNameDevicesAsTheFrontEndDoes(int number, String name) {
        assertThat(VirtualDevice.name(number)).isEqualTo(name);
    }
}
