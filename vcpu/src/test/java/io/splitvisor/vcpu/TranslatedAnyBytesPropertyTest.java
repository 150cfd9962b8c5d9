// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu;

/** The same with all 64-bit code translated. */
class TranslatedAnyBytesPropertyTest extends AnyBytesPropertyTest {
    @Override
    Tiers tiers() {
        return Tiers.atOnce(Tiers.EVERYTHING);
    }
}
