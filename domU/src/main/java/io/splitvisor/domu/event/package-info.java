// SPDX-License-Identifier: Apache-2.0
/** Events: ports, their handlers, and the thread of each vCPU that takes them. */
package io.splitvisor.domu.event;
