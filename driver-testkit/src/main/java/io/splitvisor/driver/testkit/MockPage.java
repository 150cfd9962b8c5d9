// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.testkit;

import java.lang.foreign.MemorySegment;

/**
 * A page of a guest that is granted to the back end.
 *
 * @param ref the reference
 * @param frame the guest's frame
 * @param segment its bytes
 */
public record MockPage(int ref, int frame, MemorySegment segment) {}
