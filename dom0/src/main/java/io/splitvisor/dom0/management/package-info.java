// SPDX-License-Identifier: Apache-2.0
/**
 * The management API: JSON (or xl's text) over HTTP on a Unix socket in the run folder. {@link
 * io.splitvisor.dom0.management.ManagementServer} answers, {@link io.splitvisor.dom0.management.ManagementClient} asks; the
 * client is light, because a command's start-up is most of its time. docs/management-api.md is the contract.
 */
package io.splitvisor.dom0.management;
