// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu;

import io.splitvisor.attach.DomainLayout;
import io.splitvisor.domu.training.RehearsalAttach;
import io.splitvisor.domu.training.RehearsalDom0;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

/** A guest domain in this JVM, attached over a real socket to a Dom0 that is a stage set. */
public final class GuestFixture implements AutoCloseable {
    public final RehearsalDom0 dom0;
    public final RehearsalAttach attach;
    public final GuestDomain domain;

    /** What the guest's process would have ended with. */
    public final BlockingQueue<Integer> ends = new ArrayBlockingQueue<>(16);

    private final Path folder;
    private final PrintStream out = System.out;
    private final PrintStream err = System.err;
    private final InputStream in = System.in;

    public GuestFixture(String... arguments) {
        this(1, arguments);
    }

    public GuestFixture(int vcpus, String... arguments) {
        try {
            folder = Files.createTempDirectory("sv");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        dom0 = new RehearsalDom0(new DomainLayout(256, 2, vcpus), "a=1 b");
        attach = new RehearsalAttach(dom0, folder);
        domain =
                new GuestDomain(Attachment.attach(attach.path(), RehearsalAttach.TOKEN), List.of(arguments), ends::add);
    }

    @Override
    public void close() {
        System.setOut(out);
        System.setErr(err);
        System.setIn(in);
        domain.detach();
        attach.close();
        dom0.close();
        try {
            Files.deleteIfExists(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
