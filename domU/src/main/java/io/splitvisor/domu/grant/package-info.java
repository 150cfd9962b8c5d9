// SPDX-License-Identifier: Apache-2.0
/** A guest's grant table: which of its frames other domains may use. */
package io.splitvisor.domu.grant;
