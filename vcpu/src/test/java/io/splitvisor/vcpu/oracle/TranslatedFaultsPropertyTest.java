// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.oracle;

import io.splitvisor.vcpu.Tiers;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** The same with all code translated, and fewer cases, because each is a class of the JVM's. */
class TranslatedFaultsPropertyTest extends FaultsPropertyTest {
    @BeforeAll
    static void translate() {
        Machine.tiers = Tiers.atOnce(Tiers.EVERYTHING);
    }

    @AfterAll
    static void interpret() {
        Machine.tiers = Tiers.INTERPRETER;
    }

    @Override
    int cases() {
        return Integer.getInteger("faults.cases.translated", 4);
    }
}
