// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.linux;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/** Files that start with {@code #!} and name their interpreter. */
final class Scripts {
    private static final int LONGEST_LINE = 256;
    private static final int DEEPEST = 4;

    private Scripts() {}

    /** The program that runs a file: itself, or its interpreter. */
    static Program resolve(Program program) throws IOException {
        Program p = program;
        for (int depth = 0; depth < DEEPEST; depth++) {
            String line = firstLine(p.path());
            if (line == null) {
                return p;
            }
            p = interpreted(p, line);
        }
        throw new IOException(program.path() + ": too many interpreters");
    }

    private static Program interpreted(Program p, String line) {
        String[] words = line.strip().split("[ \t]+", 2);
        List<String> arguments = new ArrayList<>(List.of(words));
        arguments.add(p.path());
        arguments.addAll(p.arguments()
                .subList(Math.min(1, p.arguments().size()), p.arguments().size()));
        return new Program(words[0], arguments, p.environment());
    }

    /** What follows the mark, or null for files without it. */
    private static String firstLine(String path) throws IOException {
        ByteBuffer head = ByteBuffer.allocate(LONGEST_LINE);
        try (FileChannel file = FileChannel.open(HostPaths.of(path), StandardOpenOption.READ)) {
            while (head.hasRemaining() && file.read(head) >= 0) {
                // Reads on until the buffer is full or the file ends.
            }
        }
        String text = new String(head.array(), 0, head.position(), StandardCharsets.ISO_8859_1);
        if (!text.startsWith("#!")) {
            return null;
        }
        int end = text.indexOf('\n');
        return text.substring(2, end < 0 ? text.length() : end);
    }
}
