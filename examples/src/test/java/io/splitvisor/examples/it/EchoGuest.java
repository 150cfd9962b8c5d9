// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.it;

import io.splitvisor.domu.Guest;
import io.splitvisor.domu.GuestDomain;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;

/** Says who it is, then answers every line; "quit" powers it off, "throw" crashes it, "halt" kills its process. */
public final class EchoGuest implements Guest {
    @Override
    public void run(GuestDomain domain) throws Exception {
        System.out.println("domain " + domain.domid() + " args " + domain.arguments());
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            switch (line) {
                case "quit" -> {
                    return;
                }
                case "throw" -> throw new IllegalStateException("as asked");
                case "halt" -> Runtime.getRuntime().halt(3);
                default -> System.out.println("echo " + line);
            }
        }
    }
}
