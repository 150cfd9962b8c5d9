// SPDX-License-Identifier: Apache-2.0
/** A driver pair as small as they come, both ends of it; docs/drivers.md builds it step by step. */
package io.splitvisor.examples.vecho;
