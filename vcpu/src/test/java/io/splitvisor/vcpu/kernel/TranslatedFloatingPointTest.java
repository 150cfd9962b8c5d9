// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.kernel;

import io.splitvisor.vcpu.Tiers;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** The same with all 64-bit code translated. */
class TranslatedFloatingPointTest extends FloatingPointTest {
    @BeforeAll
    static void translate() {
        TestKernel.tiers = Tiers.atOnce(Tiers.EVERYTHING);
    }

    @AfterAll
    static void interpret() {
        TestKernel.tiers = Tiers.INTERPRETER;
    }
}
