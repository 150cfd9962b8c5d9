// SPDX-License-Identifier: Apache-2.0
/** A device that exchanges bytes: a line goes, and comes back in capital letters. Its front end runs by itself. */
package io.splitvisor.examples.vline;
