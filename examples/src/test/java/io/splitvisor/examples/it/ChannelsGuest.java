// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.it;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.splitvisor.domu.Guest;
import io.splitvisor.domu.GuestDomain;
import io.splitvisor.domu.console.Console;
import io.splitvisor.driver.frontend.ByteFrontend;
import io.splitvisor.driver.frontend.CallException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;

/** An agent that turns bits over, on one channel, and on another somebody who greets whoever types a name. */
public final class ChannelsGuest implements Guest {
    static final String AGENT = "org.example.agent.1";

    @Override
    public void run(GuestDomain domain) throws Exception {
        System.out.println("channels " + domain.channels().names());
        String first = domain.xenstore().read("console/tty");
        String second = domain.xenstore().read("device/console/1/tty");
        System.out.println("terminals " + first + " " + second + ".");
        try {
            domain.channels().open("nobody");
        } catch (CallException e) {
            System.out.println(e.kind() + ": " + e.getMessage());
        }
        ByteFrontend agent = domain.channels().open(AGENT);
        Thread.ofPlatform().daemon().start(() -> turnOver(agent));
        greet(domain.channels().console(1));
    }

    private static void turnOver(ByteFrontend agent) {
        byte[] bytes = new byte[512];
        InputStream in = agent.bytes().input();
        OutputStream out = agent.bytes().output();
        try {
            for (int count = in.read(bytes); count >= 0; count = in.read(bytes)) {
                for (int i = 0; i < count; i++) {
                    bytes[i] = (byte) ~bytes[i];
                }
                out.write(bytes, 0, count);
            }
        } catch (IOException e) {
            System.out.println("agent: " + e);
        }
    }

    private static void greet(Console console) throws IOException {
        console.output().write("name? ".getBytes(US_ASCII));
        var lines = new BufferedReader(new InputStreamReader(console.input(), US_ASCII));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            console.output().write(("hello, " + line + "\n").getBytes(US_ASCII));
        }
    }
}
