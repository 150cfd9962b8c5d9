// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.linux;

import static io.splitvisor.x86.memory.AddressSpace.READ;
import static io.splitvisor.x86.memory.AddressSpace.WRITE;

import io.splitvisor.host.Errno;
import io.splitvisor.x86.memory.AddressSpace;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/** A program's memory as a system call sees it: every access is checked, and what fails is EFAULT. */
final class UserMemory {
    private static final int LONGEST_PATH = 4096;

    private final AddressSpace space;
    private final MemorySegment ram;

    UserMemory(AddressSpace space) {
        this.space = space;
        this.ram = space.bytes();
    }

    AddressSpace space() {
        return space;
    }

    /** The host's address of bytes that the kernel is to read; null stays null. */
    long in(long address, long size) {
        return host(address, size, READ);
    }

    /** The host's address of bytes that the kernel is to write; null stays null. */
    long out(long address, long size) {
        return host(address, size, WRITE);
    }

    private long host(long address, long size, int right) {
        if (address == 0) {
            return 0;
        }
        require(address, size, right);
        return space.hostAddress(address);
    }

    private void require(long address, long size, int right) {
        if (!space.allows(address, size, right)) {
            throw new Refused(Errno.EFAULT);
        }
    }

    long getLong(long address) {
        require(address, 8, READ);
        return ram.get(ValueLayout.JAVA_LONG_UNALIGNED, address);
    }

    int getInt(long address) {
        require(address, 4, READ);
        return ram.get(ValueLayout.JAVA_INT_UNALIGNED, address);
    }

    short getShort(long address) {
        require(address, 2, READ);
        return ram.get(ValueLayout.JAVA_SHORT_UNALIGNED, address);
    }

    void putLong(long address, long value) {
        require(address, 8, WRITE);
        ram.set(ValueLayout.JAVA_LONG_UNALIGNED, address, value);
        space.wrote(address, 8);
    }

    void putInt(long address, int value) {
        require(address, 4, WRITE);
        ram.set(ValueLayout.JAVA_INT_UNALIGNED, address, value);
        space.wrote(address, 4);
    }

    void putBytes(long address, byte[] bytes) {
        require(address, bytes.length, WRITE);
        MemorySegment.copy(bytes, 0, ram, ValueLayout.JAVA_BYTE, address, bytes.length);
        space.wrote(address, bytes.length);
    }

    byte[] getBytes(long address, int size) {
        require(address, size, READ);
        return ram.asSlice(address, size).toArray(ValueLayout.JAVA_BYTE);
    }

    /** A path, or another text of at most so many bytes; bytes stay what they are. */
    String text(long address) {
        return text(address, LONGEST_PATH);
    }

    String text(long address, int longest) {
        for (int length = 0; length < longest; length++) {
            if (length == 0 || (address + length & AddressSpace.PAGE - 1) == 0) {
                require(address + length, 1, READ);
            }
            if (ram.get(ValueLayout.JAVA_BYTE, address + length) == 0) {
                return new String(getBytes(address, length), StandardCharsets.ISO_8859_1);
            }
        }
        throw new Refused(Errno.ENAMETOOLONG);
    }

    /** The host's address of a path; the terminating zero has been seen. */
    long path(long address) {
        text(address);
        return space.hostAddress(address);
    }
}
