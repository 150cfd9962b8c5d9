// SPDX-License-Identifier: Apache-2.0
/**
 * The front end of a split driver. A guest opens a device ({@link io.splitvisor.driver.frontend.Frontend}) and makes calls
 * ({@link io.splitvisor.driver.frontend.Call}), or has two streams ({@link io.splitvisor.driver.frontend.ByteFrontend});
 * connecting, rings, grants, and a back end that comes, goes and misbehaves are
 * the framework's.
 */
package io.splitvisor.driver.frontend;
