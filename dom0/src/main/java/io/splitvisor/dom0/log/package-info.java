// SPDX-License-Identifier: Apache-2.0
/** Lines of the log that guests can cause, as often as they like. */
package io.splitvisor.dom0.log;
