// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.console;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;

/**
 * Makes lines of what is typed, as Linux's terminals do in canonical mode: carriage return ends a line, too; backspace and
 * delete take the last character away, ^W the last word, ^U and ^C all of the line; ^D ends the input where a line would
 * begin, and elsewhere hands over what is there. Says what a terminal has to be sent so that the user sees what happens.
 *
 * <p>Characters are UTF-8's; each counts as one column. Not thread-safe.
 */
final class LineDiscipline {
    /** Bytes of a line, its end included; more is refused with a bell. Linux's limit. */
    static final int MOST_LINE = 4096;

    /** Lines that wait for the guest, in bytes: nothing more is taken meanwhile. */
    private static final int MOST_READY = 1 << 16;

    private static final int END_OF_INPUT = 'D' - '@';
    private static final int INTERRUPT = 'C' - '@';
    private static final int KILL = 'U' - '@';
    private static final int KILL_WORD = 'W' - '@';
    private static final int BACKSPACE = '\b';
    private static final int DELETE = 127;
    private static final int BELL = 7;

    private final byte[] line = new byte[MOST_LINE];
    private int length;
    private byte[] ready = new byte[256];
    private int readyFrom;
    private int readyTo;
    private boolean ended;
    private final ByteArrayOutputStream echo = new ByteArrayOutputStream();

    /** Whether more may be typed before something is read. */
    boolean hasRoom() {
        return readyTo - readyFrom < MOST_READY;
    }

    /** Takes what was typed. */
    void type(byte[] bytes, int count) {
        for (int i = 0; i < count; i++) {
            type(bytes[i] & 0xff);
        }
    }

    private void type(int b) {
        switch (b) {
            case '\r', '\n' -> {
                echo.write('\n');
                line[length++] = '\n';
                handOver();
            }
            case BACKSPACE, DELETE -> erase();
            case KILL -> eraseAll();
            case KILL_WORD -> eraseWord();
            case INTERRUPT -> {
                length = 0;
                echo.writeBytes(new byte[] {'^', 'C', '\n'});
            }
            case END_OF_INPUT -> {
                ended = length == 0;
                handOver();
            }
            default -> add(b);
        }
    }

    private void add(int b) {
        if (length == MOST_LINE - 1) {
            echo.write(BELL);
            return;
        }
        line[length++] = (byte) b;
        if (isControl(b)) {
            echo.write('^');
            echo.write(b + '@');
        } else {
            echo.write(b);
        }
    }

    private static boolean isControl(int b) {
        return b < ' ' && b != '\t';
    }

    private void erase() {
        if (length == 0) {
            return;
        }
        int last = line[--length] & 0xff;
        // The bytes of a character that follow its first are 10xxxxxx.
        while (length > 0 && (last & 0xc0) == 0x80) {
            last = line[--length] & 0xff;
        }
        int columns = isControl(last) ? 2 : 1;
        for (int i = 0; i < columns; i++) {
            echo.writeBytes(new byte[] {'\b', ' ', '\b'});
        }
    }

    private void eraseAll() {
        while (length > 0) {
            erase();
        }
    }

    private void eraseWord() {
        while (length > 0 && isBlank(line[length - 1])) {
            erase();
        }
        while (length > 0 && !isBlank(line[length - 1])) {
            erase();
        }
    }

    private static boolean isBlank(byte b) {
        return b == ' ' || b == '\t';
    }

    private void handOver() {
        makeRoom(length);
        System.arraycopy(line, 0, ready, readyTo, length);
        readyTo += length;
        length = 0;
    }

    private void makeRoom(int more) {
        if (readyFrom > 0) {
            System.arraycopy(ready, readyFrom, ready, 0, readyTo - readyFrom);
            readyTo -= readyFrom;
            readyFrom = 0;
        }
        if (readyTo + more > ready.length) {
            ready = Arrays.copyOf(ready, Math.max(ready.length * 2, readyTo + more));
        }
    }

    /** Bytes of finished lines. */
    int available() {
        return readyTo - readyFrom;
    }

    /** Takes bytes of finished lines, of one at a time. */
    int read(byte[] bytes, int offset, int most) {
        int count = 0;
        while (count < most && readyFrom < readyTo) {
            byte b = ready[readyFrom++];
            bytes[offset + count++] = b;
            if (b == '\n') {
                break;
            }
        }
        return count;
    }

    /** Whether the input has ended here; asked once for each end. */
    boolean takeEnd() {
        boolean result = ended && readyFrom == readyTo;
        ended &= !result;
        return result;
    }

    /** What the terminal has to be sent since this was asked last. */
    byte[] takeEcho() {
        byte[] bytes = echo.toByteArray();
        echo.reset();
        return bytes;
    }

    /** Hands over the line that is being typed as it is: lines are not wanted any more. */
    void release() {
        handOver();
        ended = false;
    }
}
