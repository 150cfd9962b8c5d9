// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.it;

import io.splitvisor.domu.Guest;
import io.splitvisor.domu.GuestDomain;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Writes to every free frame of its memory each time it reads a line, then frees them all. */
public final class BalloonGuest implements Guest {
    @Override
    public void run(GuestDomain domain) throws Exception {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        System.out.println("has " + domain.balloon().current() + " pages");
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            System.out.println(line + ": filled " + fill(domain) + ", target "
                    + domain.balloon().target());
        }
    }

    private static int fill(GuestDomain domain) {
        List<Integer> frames = new ArrayList<>();
        while (domain.memory().freeFrames() > 0) {
            int frame = domain.memory().allocate();
            if (domain.memory().page(frame).get(ValueLayout.JAVA_LONG, 8) != 0) {
                throw new IllegalStateException("frame " + frame + " is not zero");
            }
            domain.memory().page(frame).fill((byte) 0x5a);
            frames.add(frame);
        }
        frames.forEach(frame -> domain.memory().free(frame, 1));
        return frames.size();
    }
}
