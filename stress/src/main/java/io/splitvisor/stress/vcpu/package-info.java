// SPDX-License-Identifier: Apache-2.0
/** jcstress tests of how the vCPUs of a guest sleep, and wait in hypercalls. */
package io.splitvisor.stress.vcpu;
