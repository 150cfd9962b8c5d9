// SPDX-License-Identifier: Apache-2.0
/**
 * What instructions do: one class per family, lowered from decoded instructions to objects that the interpreter calls.
 *
 * <p>The rule that makes faults precise: an operation changes no register and no flag before its last access that can
 * fault. A store that follows a load of the same place uses {@code loadForStore}, after which it cannot fault.
 */
package io.splitvisor.vcpu.op;
