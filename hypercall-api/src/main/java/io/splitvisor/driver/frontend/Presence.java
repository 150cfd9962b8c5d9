// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.frontend;

import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** Whether a device is connected, or gone for good, for threads that wait for one of the two. Thread-safe. */
final class Presence {
    private final String device;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private boolean connected;
    private boolean gone;
    private String why = "";

    Presence(String device) {
        this.device = device;
    }

    void set(boolean nowConnected, boolean nowGone) {
        lock.lock();
        try {
            connected = nowConnected;
            gone = nowGone;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Says why it will be gone. */
    void because(String reason) {
        lock.lock();
        try {
            why = ": " + reason;
        } finally {
            lock.unlock();
        }
    }

    boolean isConnected() {
        lock.lock();
        try {
            return connected;
        } finally {
            lock.unlock();
        }
    }

    void awaitConnected(Duration timeout) {
        long left = timeout.toNanos();
        lock.lock();
        try {
            while (!connected && !gone) {
                if (left <= 0) {
                    throw new CallException(CallException.Kind.TIMEOUT, device + ": the back end does not connect");
                }
                left = changed.awaitNanos(left);
            }
            if (gone) {
                throw new CallException(CallException.Kind.GONE, device + " is gone" + why);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CallException(CallException.Kind.TIMEOUT, device + ": interrupted while connecting");
        } finally {
            lock.unlock();
        }
    }
}
