// SPDX-License-Identifier: Apache-2.0
/** Domains in flesh and blood: built, started, watched over, ended; what the toolstack's verbs act on. */
package io.splitvisor.dom0.domain;
