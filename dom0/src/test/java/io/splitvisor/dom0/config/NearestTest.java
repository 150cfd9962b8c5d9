// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NearestTest {
    @ParameterizedTest
    @CsvSource({
        "memroy, memory",
        "kernal, kernel",
        "dsk, disk",
        "onreboot, on_reboot",
        "vcpu, vcpus",
        "jvm_class, ''",
        "xyzzy, ''",
        "bootlader, bootloader",
        "nmae, name",
        "a, ''"
    })
    void shouldFindWhatWasMeant(String word, String meant) {
        assertThat(Keys.nearest(word).orElse("")).isEqualTo(meant);
    }

    @Test
    void shouldCountSwapsAsOneEdit() {
        assertThat(Nearest.distance("abcd", "acbd")).isEqualTo(1);
        assertThat(Nearest.distance("abcd", "abcd")).isZero();
        assertThat(Nearest.distance("", "abc")).isEqualTo(3);
    }
}
