// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

import java.util.List;

/**
 * A row of the table of verbs.
 *
 * @param name the verb
 * @param dryRun whether {@code -N} makes sense
 * @param modifies whether {@code -f} makes sense
 * @param usage what follows the verb in its usage line
 * @param summary what it does, without a period
 * @param required how many operands it needs
 * @param options its options, besides those that every verb has
 */
record Verb(
        String name,
        boolean dryRun,
        boolean modifies,
        String usage,
        String summary,
        int required,
        List<Option> options) {}
