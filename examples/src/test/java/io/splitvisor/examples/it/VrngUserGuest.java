// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.it;

import io.splitvisor.domu.Guest;
import io.splitvisor.domu.GuestDomain;
import io.splitvisor.driver.frontend.CallException;
import io.splitvisor.examples.vrng.VrngFrontend;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;

/** A guest that does to its entropy device what it is told on its console. */
public final class VrngUserGuest implements Guest {
    private final byte[] bytes = new byte[10_000];

    @Override
    public void run(GuestDomain domain) throws IOException {
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        VrngFrontend vrng = null;
        System.out.println("ready");
        for (String line = commands.readLine(); line != null && !line.equals("quit"); line = commands.readLine()) {
            try {
                switch (line) {
                    case "open" -> vrng = new VrngFrontend(domain.frontends(), 0, 2);
                    case "fill" -> vrng.fill(bytes);
                    case "close" -> vrng.close();
                    default -> domain.xenstore().write("device/vrng/0/state", line);
                }
                System.out.println("done: " + line);
            } catch (CallException e) {
                System.out.println("failed: " + line + ": " + e.kind());
            }
        }
    }
}
