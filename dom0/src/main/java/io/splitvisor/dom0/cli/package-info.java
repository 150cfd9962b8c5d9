// SPDX-License-Identifier: Apache-2.0
/**
 * The command line: xl's words, options, messages and exit codes. {@link io.splitvisor.dom0.cli.Verbs} is the one table of
 * verbs; arguments, help and completion come from it. Verbs that ask a Dom0 touch nothing but the light client, since their
 * start-up is what a user waits for; {@code up} and {@code dom0} host one.
 */
package io.splitvisor.dom0.cli;
