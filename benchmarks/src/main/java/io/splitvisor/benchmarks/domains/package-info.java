// SPDX-License-Identifier: Apache-2.0
/** What domains cost: starting them, having them idle, having many. */
package io.splitvisor.benchmarks.domains;
