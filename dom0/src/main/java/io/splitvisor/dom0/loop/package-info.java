// SPDX-License-Identifier: Apache-2.0
/** The threads that serve guests: each spins while there is work and sleeps in epoll while there is none. */
package io.splitvisor.dom0.loop;
