// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.vline;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.splitvisor.driver.ByteProtocol;
import io.splitvisor.driver.frontend.ByteFrontend;
import io.splitvisor.driver.frontend.FrontendDriver;
import io.splitvisor.driver.frontend.FrontendSettings;
import io.splitvisor.frontend.FrontendDomain;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;

/** The front end, which a guest runs for each of its devices: says hello to it, and prints what comes back. */
public final class VlineFrontend implements FrontendDriver {
    @Override
    public ByteProtocol protocol() {
        return Vline.PROTOCOL;
    }

    @Override
    public AutoCloseable open(FrontendDomain domain, int devid) {
        ByteFrontend device = ByteFrontend.open(domain, Vline.PROTOCOL, devid, new FrontendSettings());
        Thread.ofVirtual().name("vline " + devid).start(() -> talk(device));
        return device;
    }

    private static void talk(ByteFrontend device) {
        try {
            device.bytes().output().write(("hello from " + device + '\n').getBytes(US_ASCII));
            var answers =
                    new BufferedReader(new InputStreamReader(device.bytes().input(), US_ASCII));
            for (String line = answers.readLine(); line != null; line = answers.readLine()) {
                System.out.println(line);
            }
            System.out.println(device + " has gone");
        } catch (IOException e) {
            System.out.println(device + ": " + e.getMessage());
        }
    }
}
