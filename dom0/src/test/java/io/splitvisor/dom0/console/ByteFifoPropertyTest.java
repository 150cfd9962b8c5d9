// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HistoryPropertyTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7, 64, 1000})
    void shouldRememberTheLastBytesOfEverythingWritten(int capacity) {
        Random random = new Random(capacity);
        History history = new History(capacity);
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        assertThat(history.snapshot()).isEmpty();
        for (int i = 0; i < 500; i++) {
            byte[] bytes = new byte[random.nextInt(3 * capacity) + 1];
            random.nextBytes(bytes);
            int offset = random.nextInt(bytes.length);
            int length = random.nextInt(bytes.length - offset + 1);
            history.append(bytes, offset, length);
            all.write(bytes, offset, length);
            byte[] written = all.toByteArray();
            int from = Math.max(0, written.length - capacity);
            assertThat(history.snapshot()).isEqualTo(Arrays.copyOfRange(written, from, written.length));
        }
    }
}
