// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.x86;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** What a run of an {@link Image} wrote to its serial port, with times. */
final class Rounds {
    private final List<Double> seconds = new ArrayList<>();
    private final StringBuilder checksum = new StringBuilder();
    private long started;
    private boolean ended;

    /** A byte has come. */
    void take(int letter) {
        switch (letter) {
            case 'S' -> started = System.nanoTime();
            case 'E' -> seconds.add((System.nanoTime() - started) / 1e9);
            case 'X' -> ended = true;
            default -> {
                if (letter >= 'a' && letter <= 'p') {
                    checksum.append((char) letter);
                }
            }
        }
    }

    boolean ended() {
        return ended;
    }

    String checksum() {
        return checksum.toString();
    }

    /** Requires the checksum that another run of the same image computed. */
    Rounds mustAgree(String title, Rounds other) {
        if (!checksum().equals(other.checksum())) {
            throw new IllegalStateException(title + ": we compute " + other.checksum() + ", QEMU " + checksum());
        }
        return this;
    }

    /** The shortest round. */
    double best() {
        return Collections.min(seconds);
    }

    /** The first round. */
    double first() {
        return seconds.get(0);
    }

    /** The middle round of the second half, when everything is warm. */
    double median() {
        List<Double> warm = new ArrayList<>(seconds.subList(seconds.size() / 2, seconds.size()));
        Collections.sort(warm);
        return warm.get(warm.size() / 2);
    }
}
