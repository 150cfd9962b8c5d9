// SPDX-License-Identifier: Apache-2.0
/** What the driver kit costs on top of a ring. */
package io.splitvisor.benchmarks.driver;
