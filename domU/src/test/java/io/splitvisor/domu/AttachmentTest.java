// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.splitvisor.attach.DomainLayout;
import io.splitvisor.domu.training.RehearsalAttach;
import io.splitvisor.domu.training.RehearsalDom0;
import io.splitvisor.host.Errno;
import io.splitvisor.host.HostException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AttachmentTest {
    @TempDir
    private Path folder;

    @Test
    void shouldMapBothMemories() {
        DomainLayout layout = new DomainLayout(16, 1, 1);
        try (RehearsalDom0 dom0 = new RehearsalDom0(layout, "");
                RehearsalAttach attach = new RehearsalAttach(dom0, folder)) {
            Attachment attachment = Attachment.attach(attach.path(), RehearsalAttach.TOKEN.toUpperCase(Locale.ROOT));
            assertThat(attachment.domid()).isEqualTo(RehearsalDom0.DOMID);
            assertThat(attachment.layout()).isEqualTo(layout);
            assertThat(attachment.consolePort()).isEqualTo(RehearsalDom0.CONSOLE_PORT);
            assertThat(attachment.xenstorePort()).isEqualTo(RehearsalDom0.XENSTORE_PORT);
            attachment.ram().set(ValueLayout.JAVA_INT, 4096, 42);
            assertThat(dom0.memory().get(ValueLayout.JAVA_INT, 4096)).isEqualTo(42);
            assertThat(attachment.monitor().isReadOnly()).isTrue();
        }
    }

    @Test
    void shouldReportARefusal() {
        try (RehearsalDom0 dom0 = new RehearsalDom0(new DomainLayout(16, 1, 1), "");
                RehearsalAttach attach = new RehearsalAttach(dom0, folder)) {
            assertThatExceptionOfType(HostException.class)
                    .isThrownBy(() -> Attachment.attach(attach.path(), "00".repeat(32)))
                    .withMessage("attach: permission denied")
                    .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EACCES));
        }
    }

    @Test
    void shouldReportThatNobodyListens() {
        assertThatExceptionOfType(HostException.class)
                .isThrownBy(() -> Attachment.attach(folder.resolve("none").toString(), "00".repeat(32)))
                .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.ENOENT));
    }

    @Test
    void shouldRefuseTokensThatAreNone() {
        try (RehearsalDom0 dom0 = new RehearsalDom0(new DomainLayout(16, 1, 1), "");
                RehearsalAttach attach = new RehearsalAttach(dom0, folder)) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> Attachment.attach(attach.path(), "abc"))
                    .withMessage("SPLITVISOR_TOKEN has 3 digits, not 64");
        }
    }

    @Test
    void shouldNeedTheEnvironment() {
        assertThatIllegalArgumentException()
                .isThrownBy(Attachment::fromEnvironment)
                .withMessage("SPLITVISOR_ATTACH is not set: guests are started by Dom0");
    }
}
