// SPDX-License-Identifier: Apache-2.0
/**
 * What a front end may touch of its own domain: pages, grants, event channels, the store. A front end written against this
 * package runs in whatever domain implements it.
 */
package io.splitvisor.frontend;
