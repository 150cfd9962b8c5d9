// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

/** Commands of {@code console_io} (xen.h, {@code CONSOLEIO_*}). */
public final class ConsoleIo {
    public static final int WRITE = 0;
    public static final int READ = 1;

    private ConsoleIo() {}
}
