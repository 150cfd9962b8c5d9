// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.splitvisor.host.SharedMemory.Window;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class SharedMemoryTest {
    private static final int PAGE = SharedMemory.PAGE_SIZE;

    private static Path path(SharedMemory memory) {
        return Path.of("/proc/self/fd/" + memory.fd());
    }

    private static FileChannel secondDescriptor(SharedMemory memory) throws IOException {
        return FileChannel.open(path(memory), StandardOpenOption.READ, StandardOpenOption.WRITE);
    }

    /** A descriptor of the same memory that {@link SharedMemory#map} may own. */
    private static int duplicate(SharedMemory memory) {
        HostFile again = HostFile.open(path(memory).toString(), HostFile.Access.READ_WRITE, false);
        return again.fd();
    }

    private static long blocks(SharedMemory memory) throws IOException {
        // In units of 512 bytes, as stat(2) counts.
        return TestCommands.run(
                        "stat", "-Lc", "%b", "/proc/" + ProcessHandle.current().pid() + "/fd/" + memory.fd())
                .map(out -> Long.parseLong(out.strip()))
                .orElseThrow();
    }

    @Test
    void shouldStartZeroedAndBeVisibleThroughASecondMapping() {
        try (SharedMemory mine = SharedMemory.create("test", 4L * PAGE);
                SharedMemory peer = SharedMemory.map(duplicate(mine), 4L * PAGE, true)) {
            assertThat(mine.byteSize()).isEqualTo(4L * PAGE);
            assertThat(mine.segment().toArray(ValueLayout.JAVA_BYTE)).containsOnly(0);
            mine.segment().set(ValueLayout.JAVA_LONG, 8, 0x1122334455667788L);
            assertThat(peer.segment().get(ValueLayout.JAVA_LONG, 8)).isEqualTo(0x1122334455667788L);
            peer.segment().set(ValueLayout.JAVA_INT, 3L * PAGE, 7);
            assertThat(mine.segment().get(ValueLayout.JAVA_INT, 3L * PAGE)).isEqualTo(7);
        }
    }

    @Test
    void shouldNotBeTruncatedOrGrownThroughASecondDescriptor() throws IOException {
        try (SharedMemory memory = SharedMemory.create("test", 2L * PAGE);
                FileChannel peer = secondDescriptor(memory)) {
            assertThatExceptionOfType(IOException.class).isThrownBy(() -> peer.truncate(PAGE));
            assertThatExceptionOfType(IOException.class)
                    .isThrownBy(() -> peer.write(ByteBuffer.wrap(new byte[] {1}), 2L * PAGE));
            assertThat(peer.size()).isEqualTo(2L * PAGE);
            assertThat(memory.segment().get(ValueLayout.JAVA_BYTE, 2L * PAGE - 1))
                    .isZero();
        }
    }

    @Test
    void shouldLetPeersOfGuardedMemoryReadAndNeverWrite() throws IOException {
        try (SharedMemory memory = SharedMemory.createGuarded("test", PAGE);
                FileChannel peer = secondDescriptor(memory)) {
            memory.segment().set(ValueLayout.JAVA_INT, 0, 42);
            assertThat(peer.map(MapMode.READ_ONLY, 0, PAGE)
                            .order(java.nio.ByteOrder.nativeOrder())
                            .getInt(0))
                    .isEqualTo(42);
            assertThatExceptionOfType(IOException.class).isThrownBy(() -> peer.map(MapMode.READ_WRITE, 0, PAGE));
            assertThatExceptionOfType(IOException.class)
                    .isThrownBy(() -> peer.write(ByteBuffer.wrap(new byte[] {1}), 0));
            assertThatExceptionOfType(IOException.class).isThrownBy(() -> peer.truncate(0));
            assertThatExceptionOfType(HostException.class)
                    .isThrownBy(() -> SharedMemory.map(duplicate(memory), PAGE, true))
                    .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EPERM));
            try (SharedMemory reader = SharedMemory.map(duplicate(memory), PAGE, false)) {
                memory.segment().set(ValueLayout.JAVA_INT, 0, 43);
                assertThat(reader.segment().get(ValueLayout.JAVA_INT, 0)).isEqualTo(43);
                assertThatIllegalArgumentException()
                        .isThrownBy(() -> reader.segment().set(ValueLayout.JAVA_INT, 0, 1));
                assertThatExceptionOfType(HostException.class)
                        .isThrownBy(() -> reader.release(0, PAGE))
                        .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EPERM));
            }
            assertThat(memory.segment().get(ValueLayout.JAVA_INT, 0)).isEqualTo(43);
        }
    }

    @Test
    void shouldWithstandAHostileProcess() {
        String script = """
                import fcntl, mmap, os, sys
                plain, guarded = (os.open(p, os.O_RDWR) for p in sys.argv[1:3])
                def denied(f):
                    try:
                        f()
                        return 'done'
                    except OSError:
                        return 'denied'
                for fd in plain, guarded:
                    print(denied(lambda: os.ftruncate(fd, 0)), denied(lambda: os.ftruncate(fd, 1 << 20)),
                          denied(lambda: fcntl.fcntl(fd, 1033, 0)), denied(lambda: mmap.mmap(fd, 4096)))
                """;
        try (SharedMemory plain = SharedMemory.create("plain", PAGE);
                SharedMemory guarded = SharedMemory.createGuarded("guarded", PAGE)) {
            String prefix = "/proc/" + ProcessHandle.current().pid() + "/fd/";
            String answer =
                    TestCommands.assumeRuns("python3", "-c", script, prefix + plain.fd(), prefix + guarded.fd());
            assertThat(answer.lines()).containsExactly("denied denied denied done", "denied denied denied denied");
        }
    }

    @Test
    void shouldRefuseADescriptorWhoseSizeIsNotSealed() throws IOException {
        Path file = Files.createTempFile("shared-memory", ".bin");
        try {
            Files.write(file, new byte[PAGE]);
            int fd = HostFile.open(file.toString(), HostFile.Access.READ_WRITE, false)
                    .fd();
            assertThatExceptionOfType(HostException.class).isThrownBy(() -> SharedMemory.map(fd, PAGE, true));
            assertThat(Files.exists(Path.of("/proc/self/fd/" + fd)))
                    .as("closed on failure")
                    .isFalse();
        } finally {
            Files.delete(file);
        }
    }

    @Test
    void shouldRefuseToMapMoreThanThereIs() {
        try (SharedMemory memory = SharedMemory.create("test", PAGE)) {
            int fd = duplicate(memory);
            assertThatExceptionOfType(HostException.class)
                    .isThrownBy(() -> SharedMemory.map(fd, 2L * PAGE, true))
                    .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL));
            assertThat(Files.exists(Path.of("/proc/self/fd/" + fd)))
                    .as("closed on failure")
                    .isFalse();
        }
    }

    @Test
    void shouldRefuseSizesThatAreNoPages() {
        assertThatIllegalArgumentException().isThrownBy(() -> SharedMemory.create("test", 0));
        assertThatIllegalArgumentException().isThrownBy(() -> SharedMemory.create("test", -PAGE));
        assertThatIllegalArgumentException().isThrownBy(() -> SharedMemory.create("test", PAGE + 1));
    }

    @Test
    void shouldShowScatteredPagesSideBySide() {
        SharedMemory memory = SharedMemory.create("test", 8L * PAGE);
        for (int page = 0; page < 8; page++) {
            memory.segment().set(ValueLayout.JAVA_INT, (long) page * PAGE, 100 + page);
        }
        Window window = memory.window(6, 1, 1, 3);
        MemorySegment seen = window.segment();
        assertThat(seen.byteSize()).isEqualTo(4L * PAGE);
        assertThat(seen.get(ValueLayout.JAVA_INT, 0)).isEqualTo(106);
        assertThat(seen.get(ValueLayout.JAVA_INT, PAGE)).isEqualTo(101);
        assertThat(seen.get(ValueLayout.JAVA_INT, 2L * PAGE)).isEqualTo(101);
        assertThat(seen.get(ValueLayout.JAVA_INT, 3L * PAGE)).isEqualTo(103);
        seen.set(ValueLayout.JAVA_LONG, 4L * PAGE - 8, -5);
        assertThat(memory.segment().get(ValueLayout.JAVA_LONG, 4L * PAGE - 8)).isEqualTo(-5);
        memory.close();
        assertThat(seen.get(ValueLayout.JAVA_INT, 0))
                .as("a window outlives the memory object")
                .isEqualTo(106);
        window.close();
        window.close();
        assertThatIllegalStateException().isThrownBy(() -> seen.get(ValueLayout.JAVA_INT, 0));
    }

    @Test
    void shouldRefuseWindowsOverPagesOutside() {
        try (SharedMemory memory = SharedMemory.create("test", 2L * PAGE)) {
            assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> memory.window(0, 2));
            assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> memory.window(-1));
        }
    }

    @Test
    void shouldGiveReadOnlyWindowsOfGuardedMemory() {
        try (SharedMemory memory = SharedMemory.createGuarded("test", 2L * PAGE);
                Window window = memory.window(1, 0)) {
            memory.segment().set(ValueLayout.JAVA_INT, PAGE, 9);
            assertThat(window.segment().get(ValueLayout.JAVA_INT, 0)).isEqualTo(9);
            assertThat(window.segment().isReadOnly()).isTrue();
        }
    }

    @Test
    void shouldGivePagesBackAndReadZeroAfterwards() throws IOException {
        try (SharedMemory memory = SharedMemory.create("test", 64L * PAGE)) {
            memory.segment().fill((byte) 1);
            long before = blocks(memory);
            memory.release(PAGE, 62L * PAGE);
            assertThat(blocks(memory)).isEqualTo(before - 62 * 8);
            assertThat(memory.segment().get(ValueLayout.JAVA_BYTE, PAGE - 1)).isOne();
            assertThat(memory.segment().asSlice(PAGE, 62L * PAGE).toArray(ValueLayout.JAVA_BYTE))
                    .containsOnly(0);
            assertThat(memory.segment().get(ValueLayout.JAVA_BYTE, 63L * PAGE)).isOne();
            memory.segment().set(ValueLayout.JAVA_BYTE, PAGE, (byte) 3);
            assertThat(memory.segment().get(ValueLayout.JAVA_BYTE, PAGE)).isEqualTo((byte) 3);
            memory.release(0, 0);
            assertThatIllegalArgumentException().isThrownBy(() -> memory.release(1, PAGE));
            assertThatIllegalArgumentException().isThrownBy(() -> memory.release(0, 1));
            assertThatExceptionOfType(IndexOutOfBoundsException.class)
                    .isThrownBy(() -> memory.release(63L * PAGE, 2L * PAGE));
        }
    }

    @Test
    void shouldClearGuardedMemoryOnRelease() {
        try (SharedMemory memory = SharedMemory.createGuarded("test", 2L * PAGE)) {
            memory.segment().fill((byte) 1);
            memory.release(PAGE, PAGE);
            assertThat(memory.segment().asSlice(PAGE).toArray(ValueLayout.JAVA_BYTE))
                    .containsOnly(0);
            assertThat(memory.segment().get(ValueLayout.JAVA_BYTE, PAGE - 1)).isOne();
        }
    }

    @Test
    void shouldThrowOnEveryUseAfterClose() {
        SharedMemory memory = SharedMemory.create("test", PAGE);
        MemorySegment segment = memory.segment();
        memory.close();
        memory.close();
        assertThat(memory.fd()).isEqualTo(-1);
        assertThatIllegalStateException().isThrownBy(() -> segment.get(ValueLayout.JAVA_INT, 0));
        assertThatIllegalStateException().isThrownBy(() -> segment.set(ValueLayout.JAVA_INT, 0, 1));
        assertThatIllegalStateException().isThrownBy(() -> memory.window(0));
        assertThatIllegalStateException().isThrownBy(() -> memory.release(0, PAGE));
    }

    @Test
    void shouldThrowInAThreadThatIsReadingWhenItIsClosed() throws InterruptedException {
        SharedMemory memory = SharedMemory.create("test", PAGE);
        MemorySegment segment = memory.segment();
        AtomicReference<Throwable> end = new AtomicReference<>();
        Thread reader = new Thread(() -> {
            try {
                segment.set(ValueLayout.JAVA_INT, 4, 1);
                while (segment.get(ValueLayout.JAVA_INT, 0) == 0) {
                    Thread.onSpinWait();
                }
            } catch (IllegalStateException e) {
                end.set(e);
            }
        });
        reader.start();
        while (segment.get(ValueLayout.JAVA_INT, 4) == 0) {
            Thread.onSpinWait();
        }
        memory.close();
        reader.join();
        assertThat(end.get()).isInstanceOf(IllegalStateException.class);
    }
}
