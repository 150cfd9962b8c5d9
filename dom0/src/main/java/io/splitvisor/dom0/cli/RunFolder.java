// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

import io.splitvisor.dom0.config.FileError;
import io.splitvisor.dom0.management.ManagementClient;
import io.splitvisor.dom0.toolstack.ToolstackException;
import io.splitvisor.dom0.toolstack.ToolstackException.Kind;
import io.splitvisor.host.SocketPath;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A Dom0's run folder while it is ours: private to the user, locked against a second Dom0, and rid of the sockets of one that
 * died in it.
 */
final class RunFolder implements AutoCloseable {
    /** The longest path of a Unix socket, less the longest name in the folder and the final zero. */
    private static final int MAX_PATH = 108 - 1 - "/xenstored/socket".length();

    /** What is going to be served in the folder. */
    private static final List<String> SERVED = List.of("attach.sock", ManagementClient.SOCKET, "xenstored/socket");

    private static final Set<PosixFilePermission> PRIVATE = PosixFilePermissions.fromString("rwx------");

    private final Path path;
    private final FileChannel lockFile;

    private RunFolder(Path path, FileChannel lockFile) {
        this.path = path;
        this.lockFile = lockFile;
    }

    /**
     * Makes the folder ours.
     *
     * @throws ToolstackException EXISTS if another Dom0 lives in it
     */
    static RunFolder open(Path path) {
        if (path.toString().getBytes(StandardCharsets.UTF_8).length > MAX_PATH) {
            throw failed("the run folder's path " + path + " is longer than " + MAX_PATH
                    + " bytes, too long for the sockets in it; name a shorter one with --run-dir");
        }
        try {
            Files.createDirectories(path, PosixFilePermissions.asFileAttribute(PRIVATE));
            if (!Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
                throw failed(path + " is no folder");
            }
            RunDir.checkOwner(path);
            Files.setPosixFilePermissions(path, PRIVATE);
            FileChannel lockFile =
                    FileChannel.open(path.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            if (!locked(lockFile)) {
                lockFile.close();
                throw new ToolstackException(
                        Kind.EXISTS, "a Dom0 runs in " + path + " already; name another folder with --run-dir");
            }
            prepare(path, lockFile);
            return new RunFolder(path, lockFile);
        } catch (IOException e) {
            throw new ToolstackException(
                    Kind.FAILED, "cannot use the run folder " + path + ": " + FileError.reason(e), e);
        }
    }

    private static void prepare(Path path, FileChannel lockFile) throws IOException {
        try {
            lockFile.truncate(0);
            lockFile.write(ByteBuffer.wrap((ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.US_ASCII)));
            deleteSockets(path);
            for (String name : SERVED) {
                requireRoom(path.resolve(name));
            }
        } catch (IOException | RuntimeException e) {
            lockFile.close();
            throw e;
        }
    }

    private static boolean locked(FileChannel file) throws IOException {
        try {
            FileLock lock = file.tryLock();
            return lock != null;
        } catch (OverlappingFileLockException _) {
            return false; // by another Dom0 in this process
        }
    }

    private static void deleteSockets(Path folder) throws IOException {
        List<Path> sockets;
        try (Stream<Path> files = Files.find(folder, 2, (_, is) -> is.isOther(), new FileVisitOption[0])) {
            sockets = files.toList();
        }
        for (Path socket : sockets) {
            if (SocketPath.isSocket(socket)) {
                Files.delete(socket);
            }
        }
    }

    /** Whoever binds a socket with Netty deletes what is there, whatever it is. */
    private static void requireRoom(Path socket) {
        try {
            SocketPath.makeRoom(socket);
        } catch (IOException e) {
            throw failed("cannot listen on " + socket + ": " + FileError.reason(e));
        }
    }

    Path path() {
        return path;
    }

    /** Lets go of it. */
    @Override
    public void close() {
        try {
            lockFile.close();
        } catch (IOException e) {
            throw new ToolstackException(Kind.FAILED, "cannot close the run folder " + path, e);
        }
    }

    private static ToolstackException failed(String message) {
        return new ToolstackException(Kind.FAILED, message);
    }
}
