// SPDX-License-Identifier: Apache-2.0
/** The console front end. */
package io.splitvisor.domu.console;
