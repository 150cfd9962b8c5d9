// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.trace;

import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/**
 * The loop that serves a domain, as those who trace it need it.
 *
 * @param now what time it is, on {@link System#nanoTime}'s clock: a look at it costs as much as a simple hypercall
 * @param looked what the loop saw when it last looked: some microseconds ago if it is busy; asked in the loop only
 * @param isCurrent whether the calling thread is in the loop
 */
public record TraceLoop(LongSupplier now, LongSupplier looked, BooleanSupplier isCurrent) {}
