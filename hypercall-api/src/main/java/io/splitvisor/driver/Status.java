// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver;

/**
 * How a response says what became of its request.
 *
 * @param field the response's field
 * @param okay it was done
 * @param error it failed, or was malformed
 * @param unsupported there is no such operation
 */
public record Status(Field.Scalar field, long okay, long error, long unsupported) {}
