// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever the text, the answer is a configuration or a ConfigException with lines to show. */
class ConfigPropertyTest {
    private static final int ROUNDS = Boolean.getBoolean("splitvisor.long") ? 2_000_000 : 20_000;
    private static final String[] PIECES = {
        "name",
        "type",
        "disk",
        "vif",
        "kernel",
        "memory",
        "vcpus",
        "extra",
        "on_crash",
        "jvm_main",
        "after",
        "uuid",
        "=",
        "+=",
        "[",
        "]",
        ",",
        ";",
        "\n",
        " ",
        "\t",
        "'",
        "\"",
        "\\",
        "\\x4",
        "\\777",
        "#",
        "0x",
        "0xffffffffffffffffff",
        "64",
        "1",
        "'jvm'",
        "\"exec\"",
        "'/a,raw,xvda,w'",
        "'vdev=xvda,target=/a'",
        "'tap:aio:/x,hda:cdrom'",
        "'rate=1Mb/s@'",
        "'\0'",
        "x.y_z",
        "é",
        "\uD83D\uDE00",
        "\uD800",
        "-",
        "(",
        "\r",
        "\0",
        "name='a'\n",
        "type='exec'\n",
        "kernel='/k'\n"
    };

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void shouldAnswerRandomTextWithAConfigurationOrAConfigException(long seed) {
        var random = new Random(seed);
        int good = 0;
        for (int round = 0; round < ROUNDS; round++) {
            good += outcome(text(random)) ? 1 : 0;
        }
        assertThat(good).isBetween(0, ROUNDS);
    }

    @ParameterizedTest
    @ValueSource(longs = {5, 6})
    void shouldRefuseRandomDisksWithIllegalArgumentOnly(long seed) {
        var random = new Random(seed);
        for (int round = 0; round < ROUNDS; round++) {
            String spec = text(random);
            try {
                assertThat(DiskConfig.parse(List.of(spec), Path.of("/base")).devid())
                        .isNotNegative();
            } catch (IllegalArgumentException e) {
                assertThat(e).hasMessageNotContaining("\n").hasNoNullFieldsOrProperties();
            }
            try {
                assertThat(VifConfig.parse(spec)).isNotNull();
            } catch (IllegalArgumentException e) {
                assertThat(e.getMessage()).isNotEmpty();
            }
        }
    }

    private static boolean outcome(String text) {
        var source = new ConfigSource("f", text, Path.of("/base"), List.of(text), Path.of("/"));
        try {
            assertThat(source.parse().config().name()).isNotEmpty();
            return true;
        } catch (ConfigException e) {
            assertThat(e.problems()).isNotEmpty();
            assertThat(e.getMessage().chars().filter(c -> c < ' ' && c != '\n'))
                    .as(text)
                    .isEmpty();
            return false;
        }
    }

    private static String text(Random random) {
        var text = new StringBuilder();
        for (int i = random.nextInt(24); i >= 0; i--) {
            if (random.nextInt(12) == 0) {
                text.append((char) random.nextInt(256));
            } else {
                text.append(PIECES[random.nextInt(PIECES.length)]);
            }
        }
        return text.toString();
    }
}
