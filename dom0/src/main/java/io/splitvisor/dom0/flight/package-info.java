// SPDX-License-Identifier: Apache-2.0
/** What Dom0 tells the JDK's Flight Recorder, where somebody records. */
package io.splitvisor.dom0.flight;
