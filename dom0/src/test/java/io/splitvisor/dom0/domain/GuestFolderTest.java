// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.domain;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GuestFolderTest {
    @TempDir
    private Path runDir;

    @Test
    void shouldShowAGuestNothingOfTheOneBefore() throws IOException {
        Path secret = Files.writeString(runDir.resolve("secret"), "Dom0's");
        Path folder = runDir.resolve("domains").resolve("7");
        GuestFolder.make(folder);
        Files.writeString(Files.createDirectories(folder.resolve("a/b")).resolve("left"), "over");
        Files.createSymbolicLink(folder.resolve("file"), secret);
        Files.createSymbolicLink(folder.resolve("out"), runDir);
        GuestFolder.make(folder);
        assertThat(folder).isEmptyDirectory();
        assertThat(secret).hasContent("Dom0's");
    }

    @Test
    void shouldKeepOnlyWhatAGuestHasLeft() throws IOException {
        Path empty = runDir.resolve("1");
        Path full = runDir.resolve("2");
        GuestFolder.make(empty);
        GuestFolder.make(full);
        Files.writeString(full.resolve("hs_err.log"), "why");
        GuestFolder.removeIfEmpty(empty);
        GuestFolder.removeIfEmpty(full);
        GuestFolder.removeIfEmpty(runDir.resolve("3"));
        assertThat(runDir).isDirectoryNotContaining("glob:**/1").isDirectoryContaining("glob:**/2");
    }
}
