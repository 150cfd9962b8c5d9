// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.splitvisor.abi.ShutdownReason;
import io.splitvisor.domu.training.RehearsalHypercalls;
import io.splitvisor.frontend.Suspendable;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class GuestMainTest {
    private static final CountDownLatch NEVER = new CountDownLatch(1);

    private final GuestFixture guest = new GuestFixture("x", "y z");

    @AfterEach
    void close() {
        guest.close();
    }

    private int shutdownReason() {
        return guest.dom0.hypercalls().shutdownReason();
    }

    /** Prints what it is given. */
    public static final class Curious implements Guest {
        @Override
        public void run(GuestDomain domain) {
            System.out.println(
                    domain.domid() + " " + domain.name() + " " + domain.arguments() + " " + domain.commandLine());
        }
    }

    /** Fails. */
    public static final class Failing implements Guest {
        @Override
        public void run(GuestDomain domain) throws Exception {
            throw new java.io.IOException("no luck today");
        }
    }

    /** Lives until the toolstack ends it. */
    public static final class Patient implements Guest {
        @Override
        public void run(GuestDomain domain) throws Exception {
            domain.onShutdown(reason -> {
                throw new IllegalStateException("a listener at fault");
            });
            domain.onShutdown(reason -> System.out.println("told: " + reason));
            System.out.println("up");
            NEVER.await();
        }
    }

    @Test
    void shouldPowerOffWhenTheGuestReturns() throws InterruptedException {
        GuestMain.run(guest.domain, Curious.class.getName());
        assertThat(guest.ends.poll(10, TimeUnit.SECONDS)).isZero();
        assertThat(shutdownReason()).isEqualTo(ShutdownReason.POWEROFF.code());
        await().until(() -> guest.dom0.printed().equals("7 rehearsal [x, y z] a=1 b\n"));
    }

    @Test
    void shouldCrashWithTheStackTraceOnTheConsole() throws InterruptedException {
        GuestMain.run(guest.domain, Failing.class.getName());
        assertThat(guest.ends.poll(10, TimeUnit.SECONDS)).isEqualTo(1);
        assertThat(shutdownReason()).isEqualTo(ShutdownReason.CRASH.code());
        await().until(() -> guest.dom0.printed().contains("java.io.IOException: no luck today")
                && guest.dom0.printed().contains("GuestMainTest$Failing.run"));
    }

    @Test
    void shouldCrashWhenTheClassIsNoGuest() throws InterruptedException {
        GuestMain.run(guest.domain, String.class.getName());
        assertThat(guest.ends.poll(10, TimeUnit.SECONDS)).isEqualTo(1);
        await().until(() ->
                guest.dom0.printed().contains("java.lang.String does not implement io.splitvisor.domu.Guest"));
    }

    @Test
    void shouldCrashWhenThereIsNoSuchClass() {
        GuestMain.run(guest.domain, "no.such.Guest");
        assertThat(shutdownReason()).isEqualTo(ShutdownReason.CRASH.code());
        await().until(() -> guest.dom0.printed().contains("ClassNotFoundException: no.such.Guest"));
    }

    private Thread startPatient() {
        Thread thread = new Thread(() -> GuestMain.run(guest.domain, Patient.class.getName()));
        thread.setDaemon(true);
        thread.start();
        await().until(() -> guest.dom0.printed().contains("up"));
        await().until(() -> guest.dom0.store().isWatched("control/shutdown"));
        return thread;
    }

    @Test
    void shouldShutDownWhenTheToolstackAsksAndAcknowledge() throws InterruptedException {
        startPatient();
        guest.dom0.store().put("control/shutdown", "reboot");
        assertThat(guest.ends.poll(10, TimeUnit.SECONDS)).isZero();
        assertThat(shutdownReason()).isEqualTo(ShutdownReason.REBOOT.code());
        assertThat(guest.dom0.store().get("control/shutdown")).isEmpty();
        await().until(() -> guest.dom0.printed().contains("a listener at fault")
                && guest.dom0.printed().contains("told: REBOOT"));
    }

    @Test
    void shouldSayWhatTheToolstackMayAskFor() {
        startPatient();
        await().until(() -> "1".equals(guest.dom0.store().get("control/feature-suspend")));
        assertThat(guest.dom0.store().get("control/feature-poweroff")).isEqualTo("1");
        assertThat(guest.dom0.store().get("control/feature-reboot")).isEqualTo("1");
    }

    @Test
    void shouldSuspendAndGoOn() throws InterruptedException {
        startPatient();
        List<String> story = new CopyOnWriteArrayList<>();
        guest.domain.follow(new Suspendable() {
            @Override
            public CompletableFuture<Void> suspending() {
                story.add("suspending");
                return CompletableFuture.completedFuture(null);
            }

            @Override
            public void resumed() {
                story.add("resumed after " + shutdownReason());
            }

            @Override
            public void suspendCancelled() {
                story.add("cancelled");
            }
        });
        guest.dom0.store().put("control/shutdown", "suspend");
        // The stage set resumes at once.
        await().until(() -> story.size() == 2);
        assertThat(story).containsExactly("suspending", "resumed after " + ShutdownReason.SUSPEND.code());
        assertThat(guest.dom0.store().get("control/shutdown")).isEmpty();
        assertThat(guest.ends).isEmpty();
        guest.dom0.store().put("control/shutdown", "halt");
        assertThat(guest.ends.poll(10, TimeUnit.SECONDS)).isZero();
    }

    @Test
    void shouldIgnoreWhatItDoesNotKnow() {
        startPatient();
        guest.dom0.store().put("control/shutdown", "dance");
        await().until(() -> guest.dom0.printed().contains("control/shutdown \"dance\" is not supported, ignored"));
        assertThat(guest.dom0.store().get("control/shutdown"))
                .as("not acknowledged")
                .isEqualTo("dance");
        assertThat(shutdownReason()).isEqualTo(RehearsalHypercalls.RUNNING);
    }
}
