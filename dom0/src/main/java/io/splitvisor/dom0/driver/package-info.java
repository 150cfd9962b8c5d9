// SPDX-License-Identifier: Apache-2.0
/** Finds back ends in jars: what {@code --driver-path} names, and what a Dom0 brings along. */
package io.splitvisor.dom0.driver;
