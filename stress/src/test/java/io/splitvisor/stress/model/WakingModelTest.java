// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.stress.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.function.IntBinaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/**
 * The protocol by which a vCPU's hypercalls and their results wake a sleeper, in all interleavings: indices and events of
 * the ring ({@code SharedRing}), the vCPU's sleeping word ({@code Doorbell}), two eventfds; and calls and results that are found
 * in their slots before the indices tell of them ({@code CallMarker.HANDED_OVER}). Each fence, each second look and each order
 * is taken away in turn, and the checker has to find the wake-up that is lost.
 */
class WakingModelTest {
    private static final int REQ_PROD = 0;
    private static final int REQ_EVENT = 1;
    private static final int RSP_PROD = 2;
    private static final int RSP_EVENT = 3;
    private static final int ASLEEP = 4;
    private static final int BELL_TO_DOM0 = 5;
    private static final int BELL_TO_GUEST = 6;
    private static final int CALLS = 2;
    private static final int DONE = 7;

    /** What a call is, in its slot; that it is complete there; its result. Each the number of the last call that has it. */
    private static final int WORDS = 8;

    private static final int HANDED_OVER = 9;
    private static final int RESULT = 10;

    /** Dom0 took something for a call that is none, or not complete. */
    private static final int WRONG = 11;

    private static final IntBinaryOperator EQUAL = (a, b) -> a == b ? 1 : 0;
    private static final IntBinaryOperator DIFFERENT = (a, b) -> a != b ? 1 : 0;
    private static final IntBinaryOperator GREATER = (a, b) -> a > b ? 1 : 0;
    private static final IntBinaryOperator NOT_GREATER = (a, b) -> a <= b ? 1 : 0;
    private static final IntBinaryOperator FIRST_IS_ZERO = (a, _) -> a == 0 ? 1 : 0;
    private static final IntBinaryOperator FIRST_IS_LAST = (a, _) -> a == CALLS ? 1 : 0;

    /** What is missing from the protocol. */
    private enum Fault {
        NONE,
        NO_FENCE_AFTER_REQUESTS,
        NO_FENCE_AFTER_REQUEST_EVENT,
        NO_SECOND_LOOK_FOR_REQUESTS,
        NO_FENCE_AFTER_RESPONSES,
        NO_FENCE_AFTER_RESPONSE_EVENT,
        NO_SECOND_LOOK_FOR_RESPONSES,
        HANDED_OVER_BEFORE_IT_IS_COMPLETE,
        INDEX_BEHIND_TAKEN_FOR_A_CALL
    }

    /**
     * A guest that makes calls one at a time, and sleeps for an answer unless it finds it in the slot; a Dom0 that looks for the
     * next call in its slot, and sleeps if there is none.
     */
    private static TsoModel model(Fault fault) {
        TsoModel model = new TsoModel(0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0);
        guest(model, fault);
        dom0(model, fault);
        return model;
    }

    /** Register 0: calls made, and answered; 1: what was read. */
    private static void guest(TsoModel model, Fault fault) {
        TsoModel.Program guest = model.program();
        // submit: the call in its slot, then RING_PUSH_REQUESTS_AND_CHECK_NOTIFY
        guest.label("call");
        if (fault == Fault.HANDED_OVER_BEFORE_IT_IS_COMPLETE) {
            guest.store(HANDED_OVER, 0, 1).store(WORDS, 0, 1);
        } else {
            guest.store(WORDS, 0, 1).store(HANDED_OVER, 0, 1);
        }
        guest.store(REQ_PROD, 0, 1);
        if (fault != Fault.NO_FENCE_AFTER_REQUESTS) {
            guest.fence();
        }
        guest.load(1, REQ_EVENT).set(0, 0, 1).branch(0, 1, DIFFERENT, "look").signal(BELL_TO_DOM0);
        guest.label("look").load(1, RESULT).branch(0, 1, EQUAL, "taken");
        // sleepFor: arm, take or ask for a notification, sleep, disarm
        guest.label("wait").store(ASLEEP, 2, 1).fence();
        guest.load(1, RSP_PROD).branch(0, 1, EQUAL, "answered");
        guest.store(RSP_EVENT, 0, 0);
        if (fault != Fault.NO_FENCE_AFTER_RESPONSE_EVENT) {
            guest.fence();
        }
        if (fault != Fault.NO_SECOND_LOOK_FOR_RESPONSES) {
            guest.load(1, RSP_PROD).branch(0, 1, EQUAL, "answered");
        }
        guest.await(BELL_TO_GUEST).store(ASLEEP, 2, 0).jump("wait");
        guest.label("answered").store(ASLEEP, 2, 0);
        guest.label("taken").branch(0, 0, FIRST_IS_LAST, "end").jump("call");
        guest.label("end").store(DONE, 0, 0);
    }

    /** Register 0: calls served; 1: what was read; 2: responses published. */
    private static void dom0(TsoModel model, Fault fault) {
        TsoModel.Program dom0 = model.program();
        IntBinaryOperator work = fault == Fault.INDEX_BEHIND_TAKEN_FOR_A_CALL ? DIFFERENT : GREATER;
        dom0.label("poll").load(1, REQ_PROD).branch(1, 0, work, "serve");
        // arm: RING_FINAL_CHECK_FOR_REQUESTS, then epoll
        dom0.store(REQ_EVENT, 0, 1);
        if (fault != Fault.NO_FENCE_AFTER_REQUEST_EVENT) {
            dom0.fence();
        }
        if (fault != Fault.NO_SECOND_LOOK_FOR_REQUESTS) {
            dom0.load(1, REQ_PROD).branch(1, 0, work, "serve");
        }
        dom0.await(BELL_TO_DOM0).jump("poll");
        dom0.label("serve").load(1, WORDS).set(0, 0, 1).branch(0, 1, DIFFERENT, "wrong");
        dom0.store(RESULT, 0, 0).load(1, HANDED_OVER).branch(1, 0, GREATER, "serve");
        // The turn ends: RING_PUSH_RESPONSES_AND_CHECK_NOTIFY, then the doorbell
        dom0.store(RSP_PROD, 0, 0);
        if (fault != Fault.NO_FENCE_AFTER_RESPONSES) {
            dom0.fence();
        }
        dom0.load(1, RSP_EVENT).branch(1, 2, NOT_GREATER, "told").branch(1, 0, GREATER, "told");
        if (fault != Fault.NO_FENCE_AFTER_RESPONSES) {
            dom0.fence();
        }
        dom0.load(1, ASLEEP).branch(1, 1, FIRST_IS_ZERO, "told");
        dom0.exchange(1, ASLEEP, 0).branch(1, 1, FIRST_IS_ZERO, "told");
        dom0.signal(BELL_TO_GUEST).label("told").set(2, 0, 0).jump("poll");
        dom0.label("wrong").store(WRONG, 0, 0);
    }

    private static boolean isWrong(int[] memory) {
        return memory[DONE] != CALLS || memory[WRONG] != 0;
    }

    @Test
    void shouldNeverLoseAWakeUp() {
        TsoModel model = model(Fault.NONE);
        assertThat(model.stuck(WakingModelTest::isWrong)).isNull();
        assertThat(model.visited()).isGreaterThan(1000);
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "NONE")
    void shouldNeedEveryFenceAndEverySecondLook(Fault fault) {
        assertThat(model(fault).stuck(WakingModelTest::isWrong))
                .as("a state in which both sleep, or Dom0 was misled")
                .isNotNull();
    }

    /** An event: the pending flag is set by exchange, and the vCPU looks for it after arming its doorbell. */
    private static TsoModel event(boolean fenceAfterAsleep, boolean lookAfterAsleep) {
        TsoModel model = new TsoModel(0, 0, 0, 0, 0, 0, 0, 0);
        TsoModel.Program guest = model.program();
        guest.label("look").exchange(1, REQ_PROD, 0).branch(1, 1, FIRST_IS_ZERO, "arm");
        guest.store(DONE, 1, 0).label("arm").store(ASLEEP, 2, 1);
        if (fenceAfterAsleep) {
            guest.fence();
        }
        if (lookAfterAsleep) {
            guest.load(1, REQ_PROD).branch(1, 2, DIFFERENT, "awake");
        }
        guest.await(BELL_TO_GUEST).label("awake").store(ASLEEP, 2, 0).jump("look");
        TsoModel.Program sender = model.program();
        sender.exchange(1, REQ_PROD, 1).fence().load(1, ASLEEP).branch(1, 1, FIRST_IS_ZERO, "end");
        sender.exchange(1, ASLEEP, 0)
                .branch(1, 1, FIRST_IS_ZERO, "end")
                .signal(BELL_TO_GUEST)
                .label("end");
        return model;
    }

    @Test
    void shouldNeverLoseAnEvent() {
        assertThat(event(true, true).stuck(memory -> memory[DONE] == 0)).isNull();
        assertThat(event(false, true).stuck(memory -> memory[DONE] == 0)).isNotNull();
        assertThat(event(true, false).stuck(memory -> memory[DONE] == 0)).isNotNull();
    }
}
