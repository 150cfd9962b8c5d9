// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.console;

import io.splitvisor.abi.io.XenconsInterface;
import io.splitvisor.driver.frontend.ByteFrontend;
import io.splitvisor.driver.frontend.CallException;
import io.splitvisor.driver.frontend.FrontendDevice;
import io.splitvisor.driver.frontend.FrontendSettings;
import io.splitvisor.frontend.FrontendDomain;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The domain's consoles besides the first, which xl.cfg's {@code channel} key makes: {@code device/console/1} and on, each with a
 * name. Each may be opened once at a time.
 *
 * @param domain whose they are
 */
public record Channels(FrontendDomain domain) {
    private static final String TYPE = XenconsInterface.PROTOCOL.type();

    /** Their names, by number. */
    public SortedMap<Integer, String> names() {
        var names = new TreeMap<Integer, String>();
        for (int number : FrontendDevice.list(domain, TYPE)) {
            String name = domain.store().readIfPresent("device/" + TYPE + '/' + number + "/name");
            names.put(number, name == null ? "" : name);
        }
        return names;
    }

    /**
     * Opens a channel as it is, for programs that talk to each other: bytes both ways, nothing shown and nothing edited. What
     * is written before the host's end is there waits.
     *
     * @throws CallException GONE if there is none of this name
     */
    public ByteFrontend open(String name) {
        SortedMap<Integer, String> names = names();
        return names.entrySet().stream()
                .filter(channel -> channel.getValue().equals(name))
                .findFirst()
                .map(channel -> open(channel.getKey()))
                .orElseThrow(() -> new CallException(
                        CallException.Kind.GONE, "this domain has no channel " + name + ", only " + names.values()));
    }

    /**
     * Opens a channel for people, who see what they type and can edit it, as on the first console.
     *
     * @param number from 1, as in {@code splitvisor console -n NUMBER}
     * @throws CallException GONE if there is none of this number
     */
    public Console console(int number) {
        return new Console(open(number).bytes());
    }

    private ByteFrontend open(int number) {
        return ByteFrontend.open(domain, XenconsInterface.PROTOCOL, number, new FrontendSettings());
    }
}
