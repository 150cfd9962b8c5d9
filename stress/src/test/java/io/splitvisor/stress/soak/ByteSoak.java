// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.stress.soak;

import io.splitvisor.ring.ByteRing;
import java.util.SplittableRandom;

/** A long stream of bytes through a small ring, in pieces of random length; both sides sleep when they can do nothing. */
final class ByteSoak {
    private static final int LONGEST = 1500;
    private static final byte STOP = -1;

    private ByteSoak() {}

    /** The byte at a place of the stream; never {@link #STOP}. */
    private static byte at(long place) {
        return (byte) Math.floorMod(place * 0x9E3779B97F4A7C15L >>> 40, 255);
    }

    static long produce(Link link, long nanos, long seed) {
        ByteRing ring = link.byteRing();
        SplittableRandom random = new SplittableRandom(seed);
        byte[] piece = new byte[LONGEST];
        long place = 0;
        long end = System.nanoTime() + nanos;
        while (System.nanoTime() < end) {
            int length = 1 + random.nextInt(LONGEST);
            for (int i = 0; i < length; i++) {
                piece[i] = at(place + i);
            }
            push(link, ring, piece, length);
            place += length;
        }
        push(link, ring, new byte[] {STOP}, 1);
        return place;
    }

    private static void push(Link link, ByteRing ring, byte[] bytes, int length) {
        int done = 0;
        while (done < length) {
            int written = ring.write(bytes, done, length - done);
            if (written == ByteRing.CORRUPT) {
                throw new AssertionError("corrupt indices");
            }
            done += written;
            if (written > 0) {
                link.tell(true);
            } else {
                link.sleepUnless(ring::writable);
            }
        }
    }

    static long consume(Link link, long seed) {
        ByteRing ring = link.byteRing();
        SplittableRandom random = new SplittableRandom(seed);
        byte[] piece = new byte[LONGEST];
        long place = 0;
        while (true) {
            int read = ring.read(piece, 0, 1 + random.nextInt(LONGEST));
            if (read == ByteRing.CORRUPT) {
                throw new AssertionError("corrupt indices");
            }
            for (int i = 0; i < read; i++) {
                if (piece[i] == STOP) {
                    return place;
                }
                if (piece[i] != at(place)) {
                    throw new AssertionError("byte " + place + " is " + piece[i]);
                }
                place++;
            }
            if (read > 0) {
                link.tell(true);
            } else {
                link.sleepUnless(ring::readable);
            }
        }
    }
}
