// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CpuShareTest {
    private static CpuShare parse(String more) {
        String text = "name='a'; type='exec'; kernel='/k'; " + more;
        return new ConfigSource("a.cfg", text, Path.of("/"), List.of(), Path.of("/"))
                .parse()
                .config()
                .cpuShare();
    }

    @Test
    void shouldReadXlsKeys() {
        assertThat(parse("")).isEqualTo(CpuShare.DEFAULT);
        assertThat(parse("cpu_weight=512")).isEqualTo(new CpuShare(512, 0));
        assertThat(parse("cap=150; cpu_weight=1")).isEqualTo(new CpuShare(1, 150));
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu_weight=0", "cpu_weight=65536", "cap=-1", "cap=65536", "cap='all'"})
    void shouldRefuseWhatIsOutOfRange(String wrong) {
        assertThatExceptionOfType(ConfigException.class).isThrownBy(() -> parse(wrong));
    }
}
