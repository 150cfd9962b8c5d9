// SPDX-License-Identifier: Apache-2.0
/** The file format of programs. */
package io.splitvisor.x86.elf;
