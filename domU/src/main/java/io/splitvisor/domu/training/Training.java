// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu.training;

import io.splitvisor.attach.AttachMessages;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.domu.Attachment;
import io.splitvisor.domu.GuestDomain;
import io.splitvisor.domu.GuestMain;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The training run's main class: a guest attaches, prints, uses its memory, xenstore and hypercalls, and shuts down, all
 * in this process. Run it with {@code -XX:AOTCacheOutput=FILE}, and the class path and collector that guests will have.
 */
public final class Training {
    private static final DomainLayout LAYOUT = new DomainLayout(1024, 4, 1);

    private Training() {}

    /** Runs the rehearsal; fails with an exception if the guest did not play its part. */
    public static void main(String[] args) throws IOException {
        PrintStream terminal = System.out;
        // A guest reads its environment first of all.
        if (System.getenv(AttachMessages.SOCKET_VARIABLE) != null) {
            throw new IllegalStateException(AttachMessages.SOCKET_VARIABLE + " is set: this is no rehearsal");
        }
        Path folder = Files.createTempDirectory("splitvisor-training");
        try (RehearsalDom0 dom0 = new RehearsalDom0(LAYOUT, "");
                RehearsalAttach attach = new RehearsalAttach(dom0, folder)) {
            Attachment attachment = Attachment.attach(attach.path(), RehearsalAttach.TOKEN);
            // It has to end by returning from main: the JVM writes its record then.
            GuestDomain domain = new GuestDomain(attachment, List.of(), status -> {});
            GuestMain.run(domain, TrainingGuest.class.getName());
            if (dom0.hypercalls().shutdownReason() != 0) {
                throw new IllegalStateException("the training guest failed: " + dom0.printed());
            }
            terminal.print(dom0.printed());
            domain.detach();
        } finally {
            Files.deleteIfExists(folder);
        }
    }
}
