// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver;

/** What a protocol says to the copy of a request. */
public enum Verdict {
    /** Of a declared kind, within all limits. */
    OKAY,
    /** Its operation is not declared. */
    UNSUPPORTED,
    /** A field is beyond a limit. */
    MALFORMED
}
