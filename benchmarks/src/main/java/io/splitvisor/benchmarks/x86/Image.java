// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.benchmarks.x86;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A bare-metal program as a Multiboot image, so that QEMU and our processor run the same bytes: 32-bit start, long mode with 4 KiB pages
 * mapped one to one, then rounds of {@code work}. It tells by a byte on the serial port when a round starts ('S') and ends ('E'),
 * and at last its checksum in sixteen letters ('a' and up) and 'X'.
 */
final class Image {
    /** Where it is loaded and entered. */
    static final int BASE = 0x100000;
    /** Where in it the first instruction lies. */
    static final int ENTRY = BASE + 0x40;
    /** Memory that it maps. */
    static final int MAPPED = 16 << 20;
    /** The serial port's data register. */
    static final int SERIAL = 0x3f8;
    /** QEMU's isa-debug-exit. */
    static final int EXIT = 0xf4;

    private static final int GDT = BASE + 0xc0;
    private static final int PML4 = BASE + 0x1000;
    private static final int PDPT = BASE + 0x2000;
    private static final int PD = BASE + 0x3000;
    private static final int PT = BASE + 0x4000;
    private static final int CODE = BASE + 0x10000;
    private static final int STACK = MAPPED - 4096;
    /** Present, writable, accessed, dirty. */
    private static final long PAGE = 0x63;

    private Image() {}

    /** A program that runs {@code work} some rounds. */
    static byte[] of(String work, int rounds) {
        return wrap(code(work, rounds));
    }

    private static byte[] code(String work, int rounds) {
        String main = """
                start:
                    mov esp, %d
                    mov r15d, %d
                round_:
                    mov eax, 83
                    call put_
                    mov r11d, 1664525
                    xor ebx, ebx
                    call work
                    mov r14, rax
                    mov eax, 69
                    call put_
                    dec r15
                    jne round_
                    mov r13d, 16
                digit_:
                    mov rax, r14
                    and eax, 15
                    add eax, 97
                    call put_
                    shr r14, 4
                    dec r13
                    jne digit_
                    mov eax, 88
                    call put_
                    mov edx, %d
                    xor eax, eax
                    out
                halted_:
                    hlt
                    jmp halted_
                put_:
                    mov edx, %d
                    out
                    ret
                """.formatted(STACK, rounds, EXIT, SERIAL);
        // Twice, because addresses in tables are known after the first time, and have the same length.
        Assembler first = new Assembler(CODE).add(main).add(resolve(work, null));
        return new Assembler(CODE).add(main).add(resolve(work, first)).bytes();
    }

    /** Replaces {@code %label%} by the label's address. */
    private static String resolve(String text, Assembler known) {
        Matcher m = Pattern.compile("%(\\w+)%").matcher(text);
        return m.replaceAll(r -> Long.toString(known == null ? CODE : known.address(r.group(1))));
    }

    private static byte[] wrap(byte[] code) {
        ByteBuffer b = ByteBuffer.allocate(CODE - BASE + code.length).order(ByteOrder.LITTLE_ENDIAN);
        header(b);
        b.put(ENTRY - BASE, starter());
        // Null, 64-bit code, data; then what LGDT reads.
        b.putLong(GDT - BASE + 8, 0x00af_9b00_0000_ffffL);
        b.putLong(GDT - BASE + 16, 0x00cf_9300_0000_ffffL);
        b.putShort(GDT - BASE + 24, (short) 23);
        b.putInt(GDT - BASE + 26, GDT);
        b.putLong(PML4 - BASE, PDPT | PAGE);
        b.putLong(PDPT - BASE, PD | PAGE);
        for (int n = 0; n < MAPPED >> 21; n++) {
            b.putLong(PD - BASE + 8 * n, (PT + 4096L * n) | PAGE);
        }
        for (int n = 0; n < MAPPED >> 12; n++) {
            b.putLong(PT - BASE + 8 * n, 4096L * n | PAGE);
        }
        b.put(CODE - BASE, code);
        return b.array();
    }

    /** Multiboot, version 1, with addresses, because this is no ELF file. */
    private static void header(ByteBuffer b) {
        int magic = 0x1bad_b002;
        int flags = 1 << 16;
        b.putInt(magic).putInt(flags).putInt(-magic - flags);
        b.putInt(BASE).putInt(BASE).putInt(0).putInt(0).putInt(ENTRY);
    }

    /** The way to long mode, in 32-bit code. */
    private static byte[] starter() {
        ByteBuffer b = ByteBuffer.allocate(0x80).order(ByteOrder.LITTLE_ENDIAN);
        HexFormat hex = HexFormat.of();
        // lgdt [GDT+24]
        b.put(hex.parseHex("0f0115")).putInt(GDT + 24);
        // mov eax, 0x620; mov cr4, eax: PAE and SSE
        b.put(hex.parseHex("b8200600000f22e0"));
        // mov eax, PML4; mov cr3, eax
        b.put(hex.parseHex("b8")).putInt(PML4).put(hex.parseHex("0f22d8"));
        // mov ecx, EFER; mov eax, LME; xor edx, edx; wrmsr
        b.put(hex.parseHex("b9800000c0b80001000031d20f30"));
        // mov eax, PG + WP + NE + MP + PE; mov cr0, eax
        b.put(hex.parseHex("b8230001800f22c0"));
        // mov eax, 16; mov ds, es, ss, ax
        b.put(hex.parseHex("b8100000008ed88ec08ed0"));
        // jmp 8:CODE
        b.put(hex.parseHex("ea")).putInt(CODE).putShort((short) 8);
        return b.array();
    }
}
