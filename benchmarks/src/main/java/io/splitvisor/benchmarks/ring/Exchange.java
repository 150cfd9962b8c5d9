// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.ring;

/**
 * What a run of request-response pairs cost.
 *
 * @param nanos for a pair
 * @param notificationsPerPair of both sides together
 */
record Exchange(double nanos, double notificationsPerPair) {
    /** From the words "nanos pairs front-notifications back-notifications". */
    static Exchange parse(String line) {
        String[] words = line.strip().split(" ", -1);
        double pairs = Double.parseDouble(words[1]);
        double notifications = Double.parseDouble(words[2]) + Double.parseDouble(words[3]);
        return new Exchange(Double.parseDouble(words[0]), notifications / pairs);
    }
}
