// SPDX-License-Identifier: Apache-2.0
/** Writes the beginning of a driver: a Maven project that builds as it is, against what this checkout has built. */
package io.splitvisor.dom0.newdriver;
