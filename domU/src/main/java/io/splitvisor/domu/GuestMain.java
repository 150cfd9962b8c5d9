// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu;

import io.splitvisor.abi.ShutdownReason;
import io.splitvisor.driver.frontend.FrontendDrivers;
import java.io.InputStream;
import java.io.PrintStream;
import java.lang.reflect.Constructor;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * The main class of a JVM guest's process: {@code GuestMain CLASS [ARGUMENT...]}. Attaches, makes the console the standard
 * streams, and runs the guest class.
 */
public final class GuestMain {
    private static final int EXIT_FAILED = 1;

    /** Set by Dom0 for guests whose configuration names drivers; others do not look for any. */
    private static final String DRIVERS = "splitvisor.drivers";

    private GuestMain() {}

    /** Runs a guest; does not return. */
    public static void main(String[] args) {
        GuestDomain domain;
        try {
            if (args.length == 0) {
                throw new IllegalArgumentException("the guest class is missing");
            }
            // Before it attaches: without its class this is no domain that crashes, but one that cannot be made.
            find(args[0]);
            domain = new GuestDomain(Attachment.fromEnvironment(), rest(args), new Halt());
        } catch (ClassNotFoundException e) {
            refuse("there is no class " + e.getMessage());
            return;
        } catch (NoSuchMethodException e) {
            refuse(args[0] + " has no constructor without arguments");
            return;
        } catch (RuntimeException | LinkageError e) {
            refuse(e.getMessage());
            return;
        }
        run(domain, args[0]);
    }

    /** There is no console to print to: the process's own error stream ends in what {@code create} says, and in Dom0's log. */
    private static void refuse(String why) {
        System.err.println("guest: " + why);
        Runtime.getRuntime().halt(EXIT_FAILED);
    }

    /** What is meant for the runtime, as {@code xen.fifo_events=1}, is nothing that the guest's class has asked for. */
    private static List<String> rest(String[] args) {
        return Arrays.stream(args)
                .skip(1)
                .filter(word ->
                        !word.startsWith("xen.") && !word.startsWith("grant_table.") && !word.startsWith("paging."))
                .toList();
    }

    /** Runs a guest class in a domain, to its end. */
    public static void run(GuestDomain domain, String guestClass) {
        PrintStream out = new PrintStream(domain.console().output(), false, StandardCharsets.UTF_8);
        InputStream in = domain.console().input();
        System.setOut(out);
        System.setErr(out);
        System.setIn(in);
        domain.followShutdown();
        if (Boolean.getBoolean(DRIVERS)) {
            FrontendDrivers.start(domain.frontends(), System.out::println);
        }
        try {
            find(guestClass).newInstance().run(domain);
        } catch (Throwable t) {
            domain.crash(t);
            return;
        }
        domain.shutdown(ShutdownReason.POWEROFF);
    }

    /** Looks for a guest's class; nothing of it runs. */
    private static Constructor<? extends Guest> find(String name) throws ClassNotFoundException, NoSuchMethodException {
        Class<?> found = Class.forName(name, false, ClassLoader.getSystemClassLoader());
        if (!Guest.class.isAssignableFrom(found)) {
            throw new ClassCastException(name + " does not implement " + Guest.class.getName());
        }
        return found.asSubclass(Guest.class).getDeclaredConstructor();
    }

    /** The orderly end of a guest's process: nothing is left to do in it. */
    private static final class Halt implements GuestDomain.ProcessEnd {
        @Override
        public void end(int status) {
            Runtime.getRuntime().halt(status);
        }
    }
}
