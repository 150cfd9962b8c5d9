// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.xenstore;

/**
 * Something changed.
 *
 * @param path what, absolute or relative as the watch was
 * @param token the watch's
 */
public record WatchEvent(String path, String token) {}
