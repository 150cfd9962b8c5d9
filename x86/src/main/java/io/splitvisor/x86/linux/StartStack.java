// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.linux;

import io.splitvisor.host.RawSyscall;
import io.splitvisor.x86.elf.ElfImage;
import io.splitvisor.x86.memory.AddressSpace;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;

/** What lies on a program's stack when it starts: arguments, environment, auxiliary vector. System V ABI, 3.4.1. */
final class StartStack {
    private static final int AT_NULL = 0;
    private static final int AT_PHDR = 3;
    private static final int AT_PHENT = 4;
    private static final int AT_PHNUM = 5;
    private static final int AT_PAGESZ = 6;
    private static final int AT_BASE = 7;
    private static final int AT_ENTRY = 9;
    private static final int AT_UID = 11;
    private static final int AT_EUID = 12;
    private static final int AT_GID = 13;
    private static final int AT_EGID = 14;
    private static final int AT_PLATFORM = 15;
    private static final int AT_HWCAP = 16;
    private static final int AT_CLKTCK = 17;
    private static final int AT_SECURE = 23;
    private static final int AT_RANDOM = 25;
    private static final int AT_EXECFN = 31;

    private static final int SYS_GETUID = 102;
    private static final int SYS_GETGID = 104;
    private static final int SYS_GETEUID = 107;
    private static final int SYS_GETEGID = 108;

    private final MemorySegment ram;
    private long at;
    private ByteBuffer vector;

    StartStack(AddressSpace space, long top) {
        this.ram = space.bytes();
        this.at = top;
    }

    /** Writes everything; returns the stack pointer. */
    long build(Program program, ElfImage image, long bias, long loaderBase) {
        byte[] random = new byte[16];
        new SecureRandom().nextBytes(random);
        long name = text(program.path());
        long platform = text("x86_64");
        long randomAt = push(random);
        List<Long> environment = texts(program.environment());
        List<Long> arguments = texts(program.arguments());
        List<Long> words = new ArrayList<>();
        words.add((long) arguments.size());
        words.addAll(arguments);
        words.add(0L);
        words.addAll(environment);
        words.add(0L);
        long[] auxiliary = {
            AT_PHDR,
            image.headers() + bias,
            AT_PHENT,
            ElfImage.PROGRAM_HEADER,
            AT_PHNUM,
            image.headerCount(),
            AT_PAGESZ,
            AddressSpace.PAGE,
            AT_BASE,
            loaderBase,
            AT_ENTRY,
            image.entry() + bias,
            AT_UID,
            identity(SYS_GETUID),
            AT_EUID,
            identity(SYS_GETEUID),
            AT_GID,
            identity(SYS_GETGID),
            AT_EGID,
            identity(SYS_GETEGID),
            AT_PLATFORM,
            platform,
            AT_HWCAP,
            UserCpuid.features(),
            AT_CLKTCK,
            100,
            AT_SECURE,
            0,
            AT_RANDOM,
            randomAt,
            AT_EXECFN,
            name,
            AT_NULL,
            0
        };
        vector = ByteBuffer.allocate(8 * auxiliary.length).order(ByteOrder.LITTLE_ENDIAN);
        vector.asLongBuffer().put(auxiliary);
        for (long word : auxiliary) {
            words.add(word);
        }
        long rsp = at - 8L * words.size() & -16;
        for (int i = 0; i < words.size(); i++) {
            ram.set(ValueLayout.JAVA_LONG, rsp + 8L * i, words.get(i));
        }
        return rsp;
    }

    /** The auxiliary vector that {@link #build} has written. */
    byte[] auxiliaryVector() {
        return vector.array();
    }

    private static long identity(int call) {
        return RawSyscall.call(call, 0, 0, 0, 0, 0, 0);
    }

    private List<Long> texts(List<String> texts) {
        return texts.stream().map(this::text).toList();
    }

    private long text(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        at--;
        return push(bytes);
    }

    private long push(byte[] bytes) {
        at -= bytes.length;
        MemorySegment.copy(bytes, 0, ram, ValueLayout.JAVA_BYTE, at, bytes.length);
        return at;
    }
}
