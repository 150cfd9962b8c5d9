// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.xenstore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.splitvisor.xenstore.Permissions.Access;
import io.splitvisor.xenstore.Permissions.Entry;
import java.util.List;
import org.junit.jupiter.api.Test;

class PermissionsTest {
    @Test
    void shouldReadWhatItPrints() {
        Permissions permissions =
                Permissions.of(0, Access.NONE, new Entry(5, Access.READ), new Entry(32757, Access.BOTH));
        assertThat(permissions.texts()).containsExactly("n0", "r5", "b32757");
        assertThat(permissions).hasToString("n0,r5,b32757");
        assertThat(Permissions.parse(permissions.texts())).isEqualTo(permissions);
        assertThat(Permissions.parse(List.of("w3"))).isEqualTo(Permissions.of(3, Access.WRITE));
        assertThat(permissions.count()).isEqualTo(3);
    }

    @Test
    void shouldRefuseWhatIsNoPermission() {
        for (String wrong : List.of("", "r", "x5", "r-1", "r5 ", "r65536", "r99999999999", "5")) {
            assertThatIllegalArgumentException().as(wrong).isThrownBy(() -> Permissions.parse(List.of(wrong)));
        }
        assertThatIllegalArgumentException().isThrownBy(() -> Permissions.parse(List.of()));
    }

    @Test
    void shouldKnowWhatAnAccessAllows() {
        assertThat(Access.NONE.reads() || Access.NONE.writes()).isFalse();
        assertThat(Access.READ.reads() && !Access.READ.writes()).isTrue();
        assertThat(!Access.WRITE.reads() && Access.WRITE.writes()).isTrue();
        assertThat(Access.BOTH.reads() && Access.BOTH.writes()).isTrue();
    }
}
