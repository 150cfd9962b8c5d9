// SPDX-License-Identifier: Apache-2.0
/**
 * The configuration language of {@code xl.cfg}: text to tokens with line numbers, to settings, to {@link
 * io.splitvisor.dom0.config.DomainConfig}. Nothing here touches a domain; a bad file ends in one {@link
 * io.splitvisor.dom0.config.ConfigException} that lists everything wrong with it.
 */
package io.splitvisor.dom0.config;
