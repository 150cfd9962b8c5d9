// SPDX-License-Identifier: Apache-2.0
/** The console back end, a driver of the kit: a guest's output is kept and shown, and what is typed reaches it (io/console.h). */
package io.splitvisor.dom0.console;
