// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.loop;

import io.splitvisor.backend.RingWorker;
import io.splitvisor.dom0.flight.Flight;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Shares the time of a loop among the domains that it serves. Each domain has a credit of nanoseconds, for all its workers
 * together: what a worker's turn takes is charged to it, whatever the turn was spent on, system calls that wake others
 * included. Each round adds a quantum, and a domain without credit sits the round out. So a domain with many rings, or with
 * expensive calls, delays others by no more than a quantum and a slice in a round.
 *
 * <p>Nothing is charged, and the clock not looked at, while the active workers are all of one domain: a loop that nobody
 * else wants is its own. A domain that sits out costs a round in which the others are merely polled, so its debt is paid
 * soon if they have nothing to do. Hypercalls have a limit of their own while other domains move data: {@link HypercallCredit}. For
 * the loop's thread only.
 */
final class FairShare {
    /** What a domain may use in a round: a few block requests, or twenty slices of simple hypercalls. */
    static final long QUANTUM_NANOS = 10_000;

    /** A worker that is held up, by a page fault perhaps, does not pay for it for ever. */
    static final long MOST_DEBT_NANOS = 100 * QUANTUM_NANOS;

    /** How long a domain counts as one that moves data after it did. */
    static final long MOVES_NANOS = 1_000_000;

    private static final long TELL_NANOS = 1_000_000_000;
    private static final long NEVER = Long.MIN_VALUE;

    /** What one domain may still use. */
    static final class Account {
        private final int domid;
        private int active;
        private long credit = QUANTUM_NANOS;
        private long round;
        private long skipped;
        private long told = NEVER;
        private final HypercallCredit hypercalls = new HypercallCredit();

        private Account(int domid) {
            this.domid = domid;
        }
    }

    private final LongSupplier clock;
    private final Map<Integer, Account> accounts = new HashMap<>();
    private int activeAccounts;
    private long round;
    private boolean contended;
    private long now = NEVER;
    private int standingBack;
    private long resumesAt;
    private long heldBack = NEVER;

    /** Who moved data last, when, and when somebody else did so before. */
    private int mover = RingWorker.NO_DOMAIN;

    private long moved = NEVER;
    private long movedByOthers = NEVER;

    FairShare(LongSupplier clock) {
        this.clock = clock;
    }

    /** The account that a worker's turns are charged to: its domain's, or one of its own. */
    Account account(RingWorker worker) {
        int domid = worker.domid();
        return domid == RingWorker.NO_DOMAIN ? new Account(domid) : accounts.computeIfAbsent(domid, Account::new);
    }

    /** A worker of this account is polled from now on. */
    void activated(Account account) {
        if (account.active++ == 0) {
            activeAccounts++;
        }
    }

    /** A worker of this account is not polled any more. Without any, the account begins anew. */
    void retired(Account account) {
        if (--account.active == 0) {
            activeAccounts--;
            account.credit = QUANTUM_NANOS;
            accounts.remove(account.domid, account);
        }
    }

    /** All active workers get their turn now. */
    void beginRound() {
        round++;
        standingBack = 0;
        resumesAt = Long.MAX_VALUE;
        contended = activeAccounts > 1;
        if (contended || moved != NEVER) {
            now = clock.getAsLong();
            if (moved != NEVER && now - moved >= MOVES_NANOS) {
                moved = NEVER;
                movedByOthers = NEVER;
                mover = RingWorker.NO_DOMAIN;
                heldBack = NEVER;
            }
        }
    }

    /** Whether a worker may have its turn in this round; otherwise its domain has used up its share. */
    boolean mayRun(Account account, boolean standsBack) {
        if (standsBack && moved != NEVER && !account.hypercalls.mayRun(now, othersMoveData(account))) {
            standingBack++;
            heldBack = now;
            resumesAt = Math.min(resumesAt, now + account.hypercalls.pause());
            return skip(account);
        }
        if (!contended) {
            return true;
        }
        if (account.round != round) {
            account.round = round;
            account.credit = Math.min(account.credit + QUANTUM_NANOS, QUANTUM_NANOS);
        }
        return account.credit > 0 || skip(account);
    }

    private boolean skip(Account account) {
        account.skipped++;
        if (account.domid != RingWorker.NO_DOMAIN && (account.told == NEVER || now - account.told > TELL_NANOS)) {
            account.told = now;
            Flight.eventStorm(account.domid, account.skipped);
        }
        return false;
    }

    /** When it last looked at the clock: not while there is nothing to share. */
    long looked() {
        return now;
    }

    /** Whether hypercalls had to stand back a moment ago: somebody else moves data, and may be about to ring. */
    boolean heldCallsBack() {
        return heldBack != NEVER && now - heldBack < MOVES_NANOS;
    }

    /** Workers that may not run in this round because they stand back. */
    int standingBack() {
        return standingBack;
    }

    /** When the first of those may run again. */
    long resumesAt() {
        return resumesAt;
    }

    private boolean othersMoveData(Account account) {
        long last = account.domid == mover ? movedByOthers : moved;
        return last != NEVER && now - last < MOVES_NANOS;
    }

    private void moves(Account account) {
        if (account.domid != mover) {
            movedByOthers = moved;
            mover = account.domid;
        }
        moved = now;
    }

    /** A worker of the account had its turn, and found work. */
    void worked(Account account, boolean standsBack) {
        if (!contended && moved == NEVER) {
            return;
        }
        long end = clock.getAsLong();
        if (standsBack) {
            account.hypercalls.charge(end - now);
        } else if (contended && account.domid != RingWorker.NO_DOMAIN) {
            moves(account);
        }
        if (contended) {
            account.credit = Math.max(account.credit - (end - now), -MOST_DEBT_NANOS);
        }
        now = end;
    }
}
