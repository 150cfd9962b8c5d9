// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.board;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.splitvisor.vcpu.Cpuid;
import io.splitvisor.vcpu.Tiers;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class BoardTest {
    private static final int LOADED_AT = 0x10_0000;
    private static final int HEADERS = 52 + 32;

    private final ByteArrayOutputStream serial = new ByteArrayOutputStream();

    /** An ELF file of 32 bits: a Multiboot header, then the code, which starts at 10000C. */
    private static byte[] kernel(String code) {
        byte[] text = HexFormat.of().parseHex(code.replaceAll("\\s|;.*", ""));
        ByteBuffer file = ByteBuffer.allocate(HEADERS + 12 + text.length).order(ByteOrder.LITTLE_ENDIAN);
        file.putInt(0, 0x464c457f).put(4, (byte) 1).put(5, (byte) 1);
        file.putInt(24, LOADED_AT + 12).putInt(28, 52).putShort(42, (short) 32).putShort(44, (short) 1);
        file.putInt(52, 1).putInt(56, HEADERS).putInt(60, LOADED_AT).putInt(64, LOADED_AT);
        file.putInt(68, 12 + text.length).putInt(72, 0x1000);
        file.putInt(HEADERS, 0x1badb002).putInt(HEADERS + 4, 0).putInt(HEADERS + 8, -0x1badb002);
        file.put(HEADERS + 12, text);
        return file.array();
    }

    private int boot(int processors, String code) throws IOException {
        var out = new PrintStream(serial, true, StandardCharsets.UTF_8);
        var board = new Board(new Board.Configuration(16 << 20, processors, Cpuid.full(), Tiers.INTERPRETER, out));
        return board.run(kernel(code), "k one two", new byte[] {'m'});
    }

    @Test
    void shouldGiveTheKernelItsCommandLineAndModuleAndEndWithItsCode() throws IOException {
        int code = boot(1, """
                8b7310          mov esi, [ebx + 16]
                b909000000      mov ecx, 9
                66baf803        mov dx, 0x3f8
                f36e            rep outsb
                8b7318          mov esi, [ebx + 24]
                8b36            mov esi, [esi]
                ac              lodsb
                ee              out dx, al
                b805000000      mov eax, 5
                e7f4            out 0xf4, eax
                f4              hlt
                """.replaceAll(" {2,}[a-z].*", ""));
        assertThat(code).isEqualTo(11);
        assertThat(serial.toString(StandardCharsets.UTF_8)).isEqualTo("k one twom");
    }

    @Test
    void shouldEndAfterATripleFault() throws IOException {
        assertThat(boot(1, "0f0b")).isEqualTo(Board.SHUT_DOWN);
    }

    @Test
    void shouldStartOtherProcessorsByMessage() throws IOException {
        // The code for the other one, at 8000: mov al, 7; out 0xf4, al. ICR: start-up at page 8, to all but us.
        int code = boot(2, """
                c70500800000    mov dword ptr [0x8000], 0xf4e607b0
                b007e6f4
                be0003e0fe      mov esi, 0xfee00300
                c70608460c00    mov dword ptr [esi], 0xc4608
                f4              hlt
                ebfd            jmp back
                """.replaceAll(" {2,}[a-z].*", ""));
        assertThat(code).isEqualTo(15);
    }

    @Test
    void shouldRefuseWhatIsNoKernel() {
        var board = new Board(new Board.Configuration(16 << 20, 1, Cpuid.full(), Tiers.INTERPRETER, System.out));
        assertThatThrownBy(() -> board.run(new byte[100], "", null)).isInstanceOf(IOException.class);
        byte[] beyond = kernel("f4");
        ByteBuffer.wrap(beyond).order(ByteOrder.LITTLE_ENDIAN).putInt(64, 0x7000_0000);
        assertThatThrownBy(() -> board.run(beyond, "", null)).hasMessageContaining("does not fit");
    }

    @Test
    void i3_shouldFillWhatARegisterDoesNotHold() {
        var bus = new Bus();
        var storage = new Storage(4);
        bus.attach(0x10, 4, storage);
        bus.write(0x10, 4, 0x1122_3344);
        assertThat(bus.read(0x12, 4)).as("behind its end: zeros").isEqualTo(0x1122);
        bus.write(0x13, 4, -1);
        assertThat(bus.read(0x10, 4)).isEqualTo(0xff22_3344L);
        assertThat(bus.read(0x14, 1)).as("nothing is there: ones").isEqualTo(-1);
        var apic = new LocalApic(3, null);
        assertThat(apic.read(0x20)).isEqualTo(3L << 24);
        assertThat(apic.read(0x23)).as("a byte of a register").isEqualTo(3);
        assertThat(apic.read(0x24)).as("between registers").isZero();
        assertThat(apic.write(0x300, 1, 0x4_00ff))
                .as("part of a command sends nothing")
                .isFalse();
        assertThat(apic.read(0x300)).isZero();
        assertThat(apic.read(0xf0)).as("stale bits").isEqualTo(0xff);
    }

    @Test
    void shouldDeliverByPriority() {
        var apic = new LocalApic(0, null);
        apic.raise(0x31);
        apic.raise(0x52);
        apic.raise(0x51);
        assertThat(apic.acknowledge(6)).as("below the task's priority").isEqualTo(-1);
        assertThat(apic.acknowledge(0)).isEqualTo(0x52);
        assertThat(apic.acknowledge(0)).as("of the class in service").isEqualTo(-1);
        assertThat(apic.write(0xb0, 4, 0)).isFalse();
        assertThat(apic.acknowledge(0)).isEqualTo(0x51);
        apic.write(0xb0, 4, 0);
        assertThat(apic.acknowledge(0)).isEqualTo(0x31);
        assertThat(apic.acknowledge(0)).isEqualTo(-1);
    }

    @Test
    void shouldDeliverLinesOfTheOldControllersByTheirEdges() {
        var ports = new Bus();
        var pic = new Pic(ports, () -> {});
        pic.line(11, true);
        assertThat(pic.acknowledge()).isEqualTo(0x73);
        assertThat(pic.acknowledge()).isEqualTo(-1);
        ports.write(0xa0, 1, 0x20);
        ports.write(0x20, 1, 0x20);
        pic.line(11, true);
        assertThat(pic.acknowledge()).as("no edge").isEqualTo(-1);
        pic.line(11, false);
        ports.write(0xa1, 1, 0xff);
        pic.line(11, true);
        assertThat(pic.acknowledge()).as("masked").isEqualTo(-1);
        ports.write(0xa1, 1, 0);
        assertThat(pic.acknowledge()).isEqualTo(0x73);
    }
}
