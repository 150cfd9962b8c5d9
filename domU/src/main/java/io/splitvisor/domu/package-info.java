// SPDX-License-Identifier: Apache-2.0
/** What a JVM guest is made of: the interface that it implements, and the domain that it is given. */
package io.splitvisor.domu;
