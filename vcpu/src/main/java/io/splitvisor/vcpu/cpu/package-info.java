// SPDX-License-Identifier: Apache-2.0
/** The architectural state and the rules that belong to it: flags, segmentation, control registers, delivery. */
package io.splitvisor.vcpu.cpu;
