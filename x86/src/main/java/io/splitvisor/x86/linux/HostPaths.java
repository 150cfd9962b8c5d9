// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.linux;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Texts of the kernel's, which are bytes, and of Java's, which are characters. */
public final class HostPaths {
    private static final Charset HOST = Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));

    private HostPaths() {}

    /** A file by its bytes. */
    static Path of(String bytes) {
        return Path.of(new String(bytes.getBytes(StandardCharsets.ISO_8859_1), HOST));
    }

    /** The bytes of a text that Java got from the host. */
    public static String bytes(String text) {
        return new String(text.getBytes(HOST), StandardCharsets.ISO_8859_1);
    }
}
