// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.store;

import io.splitvisor.host.Errno;
import io.splitvisor.host.HostException;
import io.splitvisor.host.HostFile;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A raw image file or a block device.
 *
 * <p>A read is first tried in the caller's thread with {@code RWF_NOWAIT}: what is in the page cache costs one system call
 * and no hand-over. Everything that may wait for the device goes to a thread of {@link StoreThreads}. Where the system
 * cannot say beforehand whether a call waits (writes, and reads on file systems without {@code RWF_NOWAIT}, such as tmpfs)
 * it depends on how long the last ones took: {@link InlineCalls}.
 */
final class FileStore implements BlockStore {
    private static final int THREADS = 8;
    private static final int DEPTH = 4096;
    private static final int PAGE = 4096;

    /** Longer than a large copy from the page cache, shorter than a read from a disk. */
    private static final long SLOW_READ_NANOS = 60_000;

    /** A file system's own work takes time; being throttled takes more. */
    private static final long SLOW_WRITE_NANOS = 500_000;

    private static final Logger LOG = LoggerFactory.getLogger(FileStore.class);

    private final HostFile file;
    private final StoreGeometry geometry;
    private final StoreThreads threads;
    private final InlineCalls inlineReads = new InlineCalls(SLOW_READ_NANOS);
    private final InlineCalls inlineWrites = new InlineCalls(SLOW_WRITE_NANOS);
    private final AtomicBoolean closed = new AtomicBoolean();
    private volatile boolean readsNowait;
    private final boolean buffered;

    /** Not 0 once a sync failed: the kernel may have dropped the data, so that a later success would promise nothing. */
    private volatile int syncFailure;

    private FileStore(HostFile file, StoreGeometry geometry, boolean buffered) {
        this.file = file;
        this.geometry = geometry;
        this.buffered = buffered;
        this.readsNowait = buffered;
        this.threads = new StoreThreads("store " + file.path(), THREADS, DEPTH, this::perform);
    }

    static FileStore open(String path, StoreOptions options) {
        HostFile.Access access = options.readOnly() ? HostFile.Access.READ_ONLY : HostFile.Access.READ_WRITE;
        HostFile file;
        try {
            file = HostFile.open(path, access, options.direct());
        } catch (HostException e) {
            throw new StoreException(kind(e.errno()), path, "cannot be opened: " + e.getMessage(), e);
        }
        try {
            if (!file.tryLock(!options.readOnly())) {
                throw new StoreException(
                        StoreException.Kind.IN_USE, path, "is open elsewhere, and one of the two would write", null);
            }
            var store = new FileStore(file, FileGeometry.of(file, options), !options.direct());
            FileGeometry.leftOut(file.size()).ifPresent(what -> LOG.warn("{}: {}", path, what));
            return store;
        } catch (HostException | IllegalArgumentException e) {
            file.close();
            throw new StoreException(StoreException.Kind.INVALID, path, "cannot be a disk: " + e.getMessage(), e);
        } catch (StoreException e) {
            file.close();
            throw e;
        }
    }

    private static StoreException.Kind kind(int errno) {
        return switch (errno) {
            case Errno.ENOENT -> StoreException.Kind.NOT_FOUND;
            case Errno.EPERM, Errno.EACCES, Errno.EROFS -> StoreException.Kind.DENIED;
            case Errno.EBUSY -> StoreException.Kind.IN_USE;
            default -> StoreException.Kind.INVALID;
        };
    }

    @Override
    public StoreGeometry geometry() {
        return geometry;
    }

    @Override
    public int depth() {
        return DEPTH;
    }

    @Override
    public String name() {
        return file.path();
    }

    @Override
    public int submit(StoreRequest request) {
        return switch (request.operation()) {
            case READ -> readNow(request);
            case WRITE -> writeNow(request);
            case FLUSH, DISCARD -> later(request);
        };
    }

    private int readNow(StoreRequest request) {
        if (!buffered) {
            return later(request);
        }
        if (!readsNowait) {
            return inlineReads.allowed() ? transferNow(request, inlineReads) : later(request);
        }
        IoVector data = request.data();
        long moved = file.readVectorNoWait(data.address(), data.count(), request.offset());
        if (moved == request.length()) {
            return 0;
        }
        if (moved > 0) {
            data.consume(moved);
        } else if (moved == -Errno.EOPNOTSUPP) {
            readsNowait = false;
        }
        return later(request);
    }

    private int writeNow(StoreRequest request) {
        // Part of a page may have to be read first, and that waits for the device.
        boolean wholePages = ((request.offset() | request.length()) & (PAGE - 1)) == 0;
        return buffered && wholePages && inlineWrites.allowed() ? transferNow(request, inlineWrites) : later(request);
    }

    private int transferNow(StoreRequest request, InlineCalls policy) {
        int result = transfer(request);
        long now = System.nanoTime();
        request.finished(now);
        policy.took(now - request.started());
        return result;
    }

    private int later(StoreRequest request) {
        return threads.execute(request) ? PENDING : -Errno.EBUSY;
    }

    @Override
    public void push() {
        // Requests were started one by one.
    }

    private int perform(StoreRequest request) {
        return switch (request.operation()) {
            case READ, WRITE -> transfer(request);
            case FLUSH -> sync();
            case DISCARD -> discard(request);
        };
    }

    private int transfer(StoreRequest request) {
        boolean write = request.operation() == StoreRequest.Operation.WRITE;
        IoVector data = request.data();
        while (data.bytes() > 0) {
            long at = request.offset() + request.length() - data.bytes();
            long moved = write
                    ? file.writeVector(data.address(), data.count(), at)
                    : file.readVector(data.address(), data.count(), at);
            if (moved == 0) {
                // The file became shorter than the disk.
                return -Errno.EIO;
            }
            if (moved > 0) {
                data.consume(moved);
            } else if (moved != -Errno.EINTR) {
                return (int) moved;
            }
        }
        return 0;
    }

    private int sync() {
        if (syncFailure != 0) {
            return syncFailure;
        }
        int result = file.sync();
        if (result != 0) {
            syncFailure = result;
            LOG.error(
                    "{}: sync failed with errno {}; flushes will fail until it is opened again", file.path(), -result);
        }
        return result;
    }

    private int discard(StoreRequest request) {
        return request.length() == 0 ? 0 : file.discard(request.offset(), request.length());
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            threads.drain();
            file.close();
        }
    }
}
