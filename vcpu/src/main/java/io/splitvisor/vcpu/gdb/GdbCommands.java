// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.gdb;

import io.splitvisor.vcpu.Breakpoints;
import io.splitvisor.vcpu.Vcpu;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** What a debugger asks of a processor that stands still. Unknown packets get the empty answer, as the protocol wants. */
final class GdbCommands {
    /** How the processor goes on. */
    enum Next {
        /** Until something happens. */
        CONTINUE,
        /** For one instruction. */
        STEP,
        /** Without debugger. */
        DETACH,
        /** Not at all. */
        KILL
    }

    private static final String OK = "OK";
    private static final String BAD = "E16";
    private static final String FAULT = "E0e";
    private static final int MOST_BYTES = 0x8000;
    private static final int AT_PHDR = 3;
    private static final String SUPPORTED =
            "PacketSize=10000;QStartNoAckMode+;qXfer:features:read+;swbreak+;hwbreak+;vContSupported+";

    private final GdbConnection connection;
    private final byte[] auxiliary;
    private final Map<String, Runnable> inserted = new HashMap<>();
    private boolean announces;

    GdbCommands(GdbConnection connection, byte[] auxiliary) {
        this.connection = connection;
        this.auxiliary = auxiliary;
    }

    /** Whether the debugger waits for the reason of the next stop. */
    boolean announces() {
        return announces;
    }

    /** Answers packets until the processor is to go on. */
    Next serve(Vcpu vcpu, String reason) {
        announces = false;
        while (true) {
            String packet = connection.next();
            if (packet.equals(GdbConnection.GONE)) {
                return Next.DETACH;
            }
            Next next = resumption(packet);
            if (next == Next.DETACH) {
                connection.send(OK);
            }
            if (next != null) {
                announces = next != Next.DETACH;
                return next;
            }
            connection.send(answer(vcpu, packet, reason));
        }
    }

    private static Next resumption(String packet) {
        if (packet.startsWith("vCont;")) {
            return packet.charAt(6) == 's' || packet.charAt(6) == 'S' ? Next.STEP : Next.CONTINUE;
        }
        if (packet.startsWith("vKill")) {
            return Next.KILL;
        }
        return switch (packet.charAt(0)) {
            case 'c', 'C' -> Next.CONTINUE;
            case 's', 'S' -> Next.STEP;
            case 'D' -> Next.DETACH;
            case 'k' -> Next.KILL;
            default -> null;
        };
    }

    private String answer(Vcpu vcpu, String packet, String reason) {
        String rest = packet.substring(1);
        try {
            return switch (packet.charAt(0)) {
                case '?' -> reason;
                case 'g' -> registers(vcpu);
                case 'G' -> writeRegisters(vcpu, rest);
                case 'p' -> register(vcpu, rest);
                case 'P' -> writeRegister(vcpu, rest);
                case 'm' -> memory(vcpu, rest);
                case 'M' -> writeMemory(vcpu, rest);
                case 'Z', 'z' -> breakpoint(vcpu, packet);
                case 'H', 'T' -> OK;
                case 'q', 'Q', 'v' -> query(packet);
                default -> "";
            };
        } catch (IllegalArgumentException | IndexOutOfBoundsException _) {
            return BAD;
        }
    }

    private static String registers(Vcpu vcpu) {
        var text = new StringBuilder();
        for (int n = 0; n < RegisterMap.count(); n++) {
            text.append(RegisterMap.read(vcpu.registers(), n));
        }
        return text.toString();
    }

    private static String writeRegisters(Vcpu vcpu, String text) {
        int at = 0;
        for (int n = 0; n < RegisterMap.count() && at < text.length(); n++) {
            at += RegisterMap.write(vcpu.registers(), n, text.substring(at));
        }
        return OK;
    }

    private static String register(Vcpu vcpu, String number) {
        return RegisterMap.read(vcpu.registers(), (int) Hex.number(number));
    }

    private static String writeRegister(Vcpu vcpu, String text) {
        int equals = text.indexOf('=');
        RegisterMap.write(vcpu.registers(), (int) Hex.number(text.substring(0, equals)), text.substring(equals + 1));
        return OK;
    }

    private static String memory(Vcpu vcpu, String text) {
        String[] parts = text.split(",", -1);
        byte[] bytes = new byte[(int) Math.min(Hex.number(parts[1]), MOST_BYTES)];
        int count = vcpu.readLinear(Hex.number(parts[0]), bytes);
        return count == 0 && bytes.length > 0 ? FAULT : Hex.of(bytes, count);
    }

    private static String writeMemory(Vcpu vcpu, String text) {
        String[] parts = text.split("[,:]", -1);
        byte[] bytes = Hex.bytes(parts[2]);
        return vcpu.writeLinear(Hex.number(parts[0]), bytes) == bytes.length ? OK : FAULT;
    }

    /** {@code Z} inserts, {@code z} removes: type, address, kind, which is a length for data. */
    private String breakpoint(Vcpu vcpu, String packet) {
        String[] parts = packet.substring(1).split("[,;]", -1);
        String key = parts[0] + "," + parts[1] + "," + parts[2];
        Runnable old = inserted.remove(key);
        if (old != null) {
            old.run();
        }
        if (packet.charAt(0) == 'z') {
            return OK;
        }
        Breakpoints b = vcpu.breakpoints();
        long address = Hex.number(parts[1]);
        long size = Hex.number(parts[2]);
        switch (parts[0]) {
            case "0", "1" -> {
                b.add(address);
                inserted.put(key, () -> b.remove(address));
            }
            case "2" -> watch(b, key, address, size, Breakpoints.Access.WRITE);
            case "3" -> watch(b, key, address, size, Breakpoints.Access.READ);
            case "4" -> watch(b, key, address, size, Breakpoints.Access.ANY);
            default -> {
                return "";
            }
        }
        return OK;
    }

    private void watch(Breakpoints b, String key, long address, long size, Breakpoints.Access access) {
        b.watch(address, size, access);
        inserted.put(key, () -> b.unwatch(address, size, access));
    }

    void forgetBreakpoints() {
        inserted.values().forEach(Runnable::run);
        inserted.clear();
    }

    private String query(String packet) {
        if (packet.startsWith("qSupported")) {
            return SUPPORTED + (auxiliary.length > 0 ? ";qXfer:auxv:read+" : "");
        }
        if (packet.startsWith("qXfer:features:read:target.xml:")) {
            return part(RegisterMap.xml(), packet);
        }
        if (packet.startsWith("qXfer:auxv:read::")) {
            return part(new String(auxiliary, StandardCharsets.ISO_8859_1), packet);
        }
        return switch (packet) {
            case "QStartNoAckMode" -> {
                connection.stopAcknowledging();
                yield OK;
            }
            case "qOffsets" -> offsets();
            case "qC" -> "QC1";
            case "qfThreadInfo" -> "m1";
            case "qsThreadInfo" -> "l";
            case "qAttached" -> "1";
            case "vCont?" -> "vCont;c;C;s;S";
            default -> "";
        };
    }

    /** Where the program's first segment lies: that of its headers. */
    private String offsets() {
        ByteBuffer vector = ByteBuffer.wrap(auxiliary).order(ByteOrder.LITTLE_ENDIAN);
        while (vector.remaining() >= 16) {
            long key = vector.getLong();
            long value = vector.getLong();
            if (key == AT_PHDR) {
                return "TextSeg=" + Long.toHexString(value & -4096L);
            }
        }
        return "";
    }

    /** A piece of a text: {@code ...:offset,length}. */
    private static String part(String text, String packet) {
        String[] range = packet.substring(packet.lastIndexOf(':') + 1).split(",", -1);
        int from = (int) Math.min(Hex.number(range[0]), text.length());
        int to = (int) Math.min(from + Hex.number(range[1]), text.length());
        return (to == text.length() ? "l" : "m") + text.substring(from, to);
    }
}
