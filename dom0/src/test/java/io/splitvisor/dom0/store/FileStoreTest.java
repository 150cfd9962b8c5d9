// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.splitvisor.host.Errno;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileStoreTest extends BlockStoreContract {
    @TempDir
    Path folder;

    private Path image(long bytes) throws Exception {
        Path path = folder.resolve("disk.img");
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.setLength(bytes);
        }
        return path;
    }

    @Override
    BlockStore open() throws Exception {
        return BlockStores.open(image(SIZE).toString(), StoreOptions.readWrite());
    }

    @Test
    void l11_shouldRefuseASecondWriter() throws Exception {
        String path = image(SIZE).toString();
        try (BlockStore writer = BlockStores.open(path, StoreOptions.readWrite())) {
            assertThat(writer.name()).isEqualTo(path);
            for (StoreOptions options : new StoreOptions[] {StoreOptions.readWrite(), StoreOptions.forReading()}) {
                assertThatThrownBy(() -> BlockStores.open(path, options))
                        .isInstanceOfSatisfying(
                                StoreException.class, e -> assertThat(e.kind()).isEqualTo(StoreException.Kind.IN_USE))
                        .hasMessageContaining(path);
            }
        }
        try (BlockStore one = BlockStores.open(path, StoreOptions.forReading());
                BlockStore two = BlockStores.open(path, StoreOptions.forReading())) {
            assertThat(one.geometry()).isEqualTo(two.geometry());
            assertThatThrownBy(() -> BlockStores.open(path, StoreOptions.readWrite()))
                    .isInstanceOf(StoreException.class);
        }
        try (BlockStore again = BlockStores.open(path, StoreOptions.readWrite())) {
            assertThat(again.geometry().readOnly()).isFalse();
        }
    }

    /** Formats are not guessed: what a guest writes into its raw disk does not make it a picture of another file. */
    @Test
    void i13_shouldServeWhatLooksLikeAnotherFormatAsItIs() throws Exception {
        Path path = image(SIZE);
        byte[] header = new byte[512];
        // A qcow2 header, version 3, whose backing file is named at byte 256.
        byte[] start = {'Q', 'F', 'I', (byte) 0xfb, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 11};
        System.arraycopy(start, 0, header, 0, start.length);
        System.arraycopy("/etc/passwd".getBytes(StandardCharsets.US_ASCII), 0, header, 256, 11);
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.write(header);
        }
        try (BlockStore store = BlockStores.open(path.toString(), StoreOptions.readWrite());
                Arena arena = Arena.ofShared()) {
            assertThat(store.geometry().bytes()).isEqualTo(SIZE);
            TestRequest request = new TestRequest(arena, header.length);
            assertThat(request.prepare(false, 0, header.length, header.length).run(store))
                    .isZero();
            assertThat(request.bytes(header.length)).isEqualTo(header);
        }
        assertThat(path).hasSize(SIZE);
    }

    @Test
    void shouldSayWhyItCannotBeOpened() throws Exception {
        Path empty = Files.createFile(folder.resolve("empty"));
        assertThatThrownBy(() -> BlockStores.open(folder.resolve("none").toString(), StoreOptions.readWrite()))
                .isInstanceOfSatisfying(
                        StoreException.class, e -> assertThat(e.kind()).isEqualTo(StoreException.Kind.NOT_FOUND));
        assertThatThrownBy(() -> BlockStores.open(empty.toString(), StoreOptions.readWrite()))
                .hasMessageContaining("no whole sector");
        assertThatThrownBy(() -> BlockStores.open(folder.toString(), StoreOptions.readWrite()))
                .isInstanceOf(StoreException.class);
        assertThatThrownBy(() -> BlockStores.open("/dev/null", StoreOptions.readWrite()))
                .isInstanceOf(StoreException.class);
    }

    @Test
    void shouldRoundAnOddSizeDown() throws Exception {
        try (BlockStore store = BlockStores.open(image(10 * 512 + 100).toString(), StoreOptions.readWrite())) {
            assertThat(store.geometry().sectors()).isEqualTo(10);
        }
        assertThat(FileGeometry.leftOut(10 * 512 + 100))
                .hasValue("its size is no multiple of 512 bytes: the last 100 bytes are left out");
        assertThat(FileGeometry.leftOut(10 * 512)).isEmpty();
    }

    @Test
    void b18_shouldFailWhatTheFileHasLost() throws Exception {
        Path path = image(SIZE);
        try (BlockStore store = BlockStores.open(path.toString(), StoreOptions.readWrite());
                Arena arena = Arena.ofShared()) {
            TestRequest request = new TestRequest(arena, 8192);
            try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
                file.setLength(4096);
            }
            assertThat(request.prepare(false, 0, 8192, 4096).run(store)).isEqualTo(-Errno.EIO);
            assertThat(request.prepare(false, 8192, 4096, 4096).run(store)).isEqualTo(-Errno.EIO);
            assertThat(request.prepare(false, 0, 4096, 4096).run(store)).isZero();
        }
    }

    @Test
    void b18_shouldReportWhatTheSystemRefuses() throws Exception {
        Path path = image(SIZE);
        try (BlockStore store = BlockStores.open(path.toString(), StoreOptions.forReading());
                Arena arena = Arena.ofShared()) {
            TestRequest request = new TestRequest(arena, 4096);
            assertThat(request.prepare(true, 0, 4096, 4096).run(store)).isEqualTo(-Errno.EBADF);
            assertThat(request.prepare(false, 0, 4096, 4096).run(store)).isZero();
        }
    }

    @Test
    void shouldLeaveNoThreadsBehind() throws Exception {
        try (BlockStore store = open();
                Arena arena = Arena.ofShared()) {
            TestRequest[] requests = new TestRequest[64];
            Arrays.setAll(requests, i -> new TestRequest(arena, 512).flushing());
            for (TestRequest request : requests) {
                assertThat(store.submit(request)).isEqualTo(BlockStore.PENDING);
            }
            for (TestRequest request : requests) {
                assertThat(request.await()).isZero();
                assertThat(request.completions()).isEqualTo(1);
            }
        }
    }
}
