// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.it;

import java.util.ArrayList;
import java.util.List;

/** What a virtual machine under test runs: code that gets hot, threads, garbage, and a fault that becomes an exception. */
final class SmallJavaProgram {
    private SmallJavaProgram() {}

    public static void main(String[] args) throws InterruptedException {
        long[] sums = new long[3];
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < sums.length; i++) {
            int at = i;
            threads.add(Thread.ofPlatform().start(() -> sums[at] = sum(at)));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        Thread.ofVirtual()
                .start(() -> System.out.println("in a virtual thread"))
                .join();
        List<byte[]> kept = new ArrayList<>();
        for (int i = 0; i < 3000; i++) {
            byte[] garbage = new byte[100_000];
            if (i % 1000 == 0) {
                kept.add(garbage);
            }
        }
        System.out.println(java.util.Arrays.toString(sums) + " " + kept.size());
        try {
            System.out.println(length(args.length == 0 ? null : args[0]));
        } catch (NullPointerException e) {
            System.out.println("a null pointer");
        }
    }

    private static int length(String text) {
        return text.length();
    }

    private static long sum(int start) {
        long sum = start;
        for (int i = 0; i < 1_000_000; i++) {
            sum += i * 31L ^ sum >> 3;
        }
        return sum;
    }
}
