// SPDX-License-Identifier: Apache-2.0
/**
 * What a back end may touch: granted pages, event channels, and the loop that serves its rings. A back end written
 * against this package runs in whichever domain implements it, Dom0 first.
 */
package io.splitvisor.backend;
