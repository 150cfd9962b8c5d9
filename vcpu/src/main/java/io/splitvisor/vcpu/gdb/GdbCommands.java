// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.gdb;

import io.splitvisor.vcpu.Vcpu;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.stream.Collectors;

/** What a debugger asks of processors that stand still. Unknown packets get the empty answer, as the protocol wants. */
final class GdbCommands {
    private static final String OK = "OK";
    private static final String BAD = "E16";
    private static final String FAULT = "E0e";
    private static final int MOST_BYTES = 0x8000;
    private static final int AT_PHDR = 3;
    private static final String SUPPORTED =
            "PacketSize=10000;QStartNoAckMode+;qXfer:features:read+;swbreak+;hwbreak+;vContSupported+";

    private final GdbConnection connection;
    private final byte[] auxiliary;
    private final GdbBreakpoints breakpoints = new GdbBreakpoints();
    private Map<Integer, GdbThread> threads = Map.of();
    /** The thread that stopped, and the one whose registers are asked for. */
    private GdbThread current;

    private GdbThread chosen;
    private boolean announces;

    GdbCommands(GdbConnection connection, byte[] auxiliary) {
        this.connection = connection;
        this.auxiliary = auxiliary;
    }

    /** A processor comes: it gets the breakpoints. */
    void arm(GdbThread thread) {
        breakpoints.arm(thread);
    }

    /** Whether an instruction has a breakpoint of the debugger's. */
    boolean hasBreakpoint(long address) {
        return breakpoints.has(address);
    }

    /** A thread has ended. */
    void forget(GdbThread thread) {
        chosen = chosen == thread ? null : chosen;
    }

    /**
     * Answers packets until the processors are to go on, and tells them how.
     *
     * @param why a stop reply without the thread
     * @return whether they are to go on at all
     */
    boolean serve(Map<Integer, GdbThread> all, GdbThread stopped, String why) {
        threads = all;
        current = stopped;
        chosen = stopped;
        String reason = why + "thread:" + Integer.toHexString(stopped.id()) + ";";
        if (announces) {
            connection.send(reason);
        }
        announces = false;
        while (true) {
            String packet = connection.next();
            if (packet.equals(GdbConnection.GONE) || packet.startsWith("D")) {
                resume("c");
                breakpoints.removeAll(threads.values());
                if (!packet.equals(GdbConnection.GONE)) {
                    connection.send(OK);
                }
                return true;
            }
            if (packet.startsWith("k") || packet.startsWith("vKill")) {
                return false;
            }
            String actions = resumption(packet);
            if (actions != null) {
                resume(actions);
                announces = true;
                return true;
            }
            connection.send(answer(packet, reason));
        }
    }

    /** The actions of a packet that lets processors go on, as {@code vCont} writes them, or null. */
    private String resumption(String packet) {
        if (packet.startsWith("vCont;")) {
            return packet.substring(6);
        }
        return switch (packet.charAt(0)) {
            case 'c', 'C' -> "c";
            case 's', 'S' -> "s:" + Integer.toHexString(current.id()) + ";c";
            default -> null;
        };
    }

    /** The first action that names a thread, or none in particular, is its own; threads without one wait. */
    private void resume(String actions) {
        threads.values().forEach(t -> t.action(GdbThread.Action.HOLD));
        String[] parts = actions.split(";", -1);
        for (int n = parts.length - 1; n >= 0; n--) {
            boolean step = parts[n].startsWith("s") || parts[n].startsWith("S");
            GdbThread.Action action = step ? GdbThread.Action.STEP : GdbThread.Action.CONTINUE;
            int colon = parts[n].indexOf(':');
            if (colon < 0 || parts[n].endsWith(":-1")) {
                threads.values().forEach(t -> t.action(action));
            } else {
                GdbThread one = threads.get((int) Hex.number(parts[n].substring(colon + 1)));
                if (one != null) {
                    one.action(action);
                }
            }
        }
    }

    private String answer(String packet, String reason) {
        String rest = packet.substring(1);
        Vcpu vcpu = (chosen == null ? current : chosen).vcpu();
        try {
            return switch (packet.charAt(0)) {
                case '?' -> reason;
                case 'g' -> registers(vcpu);
                case 'G' -> writeRegisters(vcpu, rest);
                case 'p' -> register(vcpu, rest);
                case 'P' -> writeRegister(vcpu, rest);
                case 'm' -> memory(vcpu, rest);
                case 'M' -> writeMemory(vcpu, rest);
                case 'Z', 'z' -> breakpoints.change(packet, threads.values()) ? OK : "";
                case 'H' -> choose(rest);
                case 'T' -> threads.containsKey((int) Hex.number(rest)) ? OK : BAD;
                case 'q', 'Q', 'v' -> query(packet);
                default -> "";
            };
        } catch (IllegalArgumentException | IndexOutOfBoundsException _) {
            return BAD;
        }
    }

    /** {@code Hg}: whose registers; 0 and -1 are any. {@code Hc} says no more than {@code vCont} will. */
    private String choose(String text) {
        String number = text.substring(1);
        if (text.charAt(0) != 'g' || number.equals("-1") || number.equals("0")) {
            return OK;
        }
        GdbThread thread = threads.get((int) Hex.number(number));
        chosen = thread == null ? chosen : thread;
        return thread == null ? BAD : OK;
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
            case "qC" -> "QC" + Integer.toHexString(current.id());
            case "qfThreadInfo" ->
                "m" + threads.keySet().stream().map(Integer::toHexString).collect(Collectors.joining(","));
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
