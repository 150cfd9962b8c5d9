// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.xenstored;

/**
 * How much a domain may still write while others have transactions open, which its writes make fail. All domains share a
 * rate; each saves up a burst; what it does not need goes to a common reserve, which those in debt draw on first.
 */
final class WriteCredit {
    /** Units of one write. */
    private static final long WRITE = 1000;

    /** What all domains share: the rate, and what nobody used. */
    static final class Pool {
        private static final long WRITES_PER_SECOND = 200;
        private static final long DOMAIN_BURST = 10 * WRITE;
        private static final long RESERVE_MAX = 1000 * WRITE;
        /** New domains start with a full burst even when the reserve is empty: five of them. */
        private static final long RESERVE_MIN = -5 * DOMAIN_BURST;

        private long reserve;
        private int domains;
        private int transactions;

        void transactionStarted() {
            transactions++;
        }

        void transactionEnded() {
            transactions--;
        }

        /** Transactions open in the whole store. */
        int transactions() {
            return transactions;
        }

        private long take(long wanted, long floor) {
            long taken = Math.max(0, Math.min(wanted, reserve - floor));
            reserve -= taken;
            return taken;
        }
    }

    private final Pool pool;
    private long credit;
    private long updatedMillis;
    private boolean active;

    WriteCredit(Pool pool) {
        this.pool = pool;
    }

    /** The domain takes part from now on. */
    void start(long nowMillis) {
        if (!active) {
            active = true;
            pool.domains++;
            updatedMillis = nowMillis;
            credit = pool.take(Pool.DOMAIN_BURST, Pool.RESERVE_MIN);
        }
    }

    /** The domain is gone; what it saved goes back. */
    void stop() {
        if (active) {
            active = false;
            pool.domains--;
            giveBack(credit);
            credit = 0;
        }
    }

    /** The domain wrote once. */
    void debit(long nowMillis) {
        if (active) {
            update(nowMillis);
            credit -= WRITE;
        }
    }

    /** Milliseconds until the domain may go on; 0 when it may. */
    long waitMillis(long nowMillis) {
        if (!active || credit >= 0) {
            return 0;
        }
        update(nowMillis);
        long perSecond = Pool.WRITES_PER_SECOND * WRITE;
        return credit >= 0 ? 0 : Math.max(1, (-credit * 1000 * pool.domains + perSecond - 1) / perSecond);
    }

    private void update(long nowMillis) {
        long elapsed = Math.clamp(nowMillis - updatedMillis, 0L, 1_000_000_000L);
        long earned = elapsed * Pool.WRITES_PER_SECOND * WRITE / (1000L * pool.domains);
        if (earned > 0) {
            // With many domains a millisecond may earn nothing: then time goes on adding up.
            credit += earned;
            updatedMillis = nowMillis;
        }
        if (credit < 0) {
            credit += pool.take(-credit, 0);
        } else if (credit > Pool.DOMAIN_BURST) {
            giveBack(credit - Pool.DOMAIN_BURST);
            credit = Pool.DOMAIN_BURST;
        }
    }

    private void giveBack(long surplus) {
        if (surplus > 0) {
            pool.reserve = Math.min(Pool.RESERVE_MAX, pool.reserve + surplus);
        }
    }
}
