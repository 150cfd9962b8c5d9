// SPDX-License-Identifier: Apache-2.0
/**
 * What both ends of a split driver agree on, written down once: structures with C's names, sizes and alignment, the
 * requests and responses of a ring made of them, and the features that the ends tell each other in xenstore.
 *
 * <p>A declaration is a class of static finals. It is checked when that class is initialised, and costs nothing afterwards:
 * a {@link io.splitvisor.driver.Field} in a static final is folded by the compiler into the address that it stands for.
 */
package io.splitvisor.driver;
