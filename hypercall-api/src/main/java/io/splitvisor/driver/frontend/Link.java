// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.frontend;

import io.splitvisor.driver.FeatureValues;

/**
 * What holds for a connection to a back end.
 *
 * @param backendDomid whom to grant pages to
 * @param persistent whether the back end keeps mappings, so that pages stay granted from call to call
 * @param features that both ends want
 */
public record Link(int backendDomid, boolean persistent, FeatureValues features) {}
