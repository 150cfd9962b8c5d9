// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** No class of the ABI goes without a comparison with Xen's headers. */
class AbiCoverageTest {
    @Test
    void shouldHoldEveryClassAgainstTheHeaders() throws Exception {
        List<Class<?>> held = Stream.of(
                        AbiConstantsGoldenTest.ALL.stream().map(it -> it.type),
                        AbiStructsGoldenTest.ALL.stream().map(it -> it.type),
                        AbiEnumsGoldenTest.ALL.stream())
                .<Class<?>>flatMap(it -> it)
                .toList();
        assertThat(held).doesNotHaveDuplicates().containsExactlyInAnyOrderElementsOf(AbiClasses.all());
    }
}
