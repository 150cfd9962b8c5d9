// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.domain;
