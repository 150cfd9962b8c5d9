// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.domu;

import io.splitvisor.attach.AttachMessages;
import io.splitvisor.attach.AttachMessages.Welcome;
import io.splitvisor.attach.DomainLayout;
import io.splitvisor.host.EventFd;
import io.splitvisor.host.HostException;
import io.splitvisor.host.SharedMemory;
import io.splitvisor.host.UnixSocket;
import java.lang.foreign.MemorySegment;

/**
 * What a guest's process holds of its domain: the attach socket, which is its life line, the two memories, and the bells.
 *
 * @param lifeLine descriptor of the attach socket: when it ends, the domain has ended
 * @param domid the domain's number
 * @param layout where things lie in {@code ram}
 * @param ram guest-physical memory
 * @param monitor what the monitor tells the guest, read-only
 * @param bellToDom0 rung when Dom0 asks to be woken
 * @param bellToGuest rung by Dom0 while a vCPU sleeps
 * @param xenstorePort the guest's port to xenstored
 * @param consolePort the guest's port to the console back end
 */
public record Attachment(
        int lifeLine,
        int domid,
        DomainLayout layout,
        MemorySegment ram,
        MemorySegment monitor,
        EventFd bellToDom0,
        EventFd bellToGuest,
        int xenstorePort,
        int consolePort) {

    /**
     * Attaches as the environment says.
     *
     * @throws HostException if Dom0 cannot be reached, or refuses
     * @throws IllegalArgumentException if the environment or Dom0's answer make no sense
     */
    public static Attachment fromEnvironment() {
        return attach(require(AttachMessages.SOCKET_VARIABLE), require(AttachMessages.TOKEN_VARIABLE));
    }

    private static String require(String variable) {
        String value = System.getenv(variable);
        if (value == null) {
            throw new IllegalArgumentException(variable + " is not set: guests are started by Dom0");
        }
        return value;
    }

    /**
     * Attaches.
     *
     * @param socket path of the attach socket
     * @param token in hexadecimal digits
     */
    public static Attachment attach(String socket, String token) {
        UnixSocket connection = UnixSocket.connect(socket);
        connection.send(AttachMessages.hello(parse(token)));
        Welcome welcome = AttachMessages.decodeWelcome(connection.receive(AttachMessages.WELCOME_BYTES));
        if (welcome.status() != 0) {
            throw new HostException("attach", welcome.status());
        }
        DomainLayout layout = welcome.layout();
        SharedMemory ram = SharedMemory.map(descriptor(connection), layout.totalBytes(), true);
        SharedMemory monitor = SharedMemory.map(descriptor(connection), welcome.monitorBytes(), false);
        return new Attachment(
                connection.fd(),
                welcome.domid(),
                layout,
                ram.segment(),
                monitor.segment(),
                EventFd.of(descriptor(connection)),
                EventFd.of(descriptor(connection)),
                welcome.xenstorePort(),
                welcome.consolePort());
    }

    private static int descriptor(UnixSocket connection) {
        connection.receive(1);
        return connection.takeDescriptor();
    }

    private static byte[] parse(String token) {
        byte[] bytes = new byte[AttachMessages.TOKEN_BYTES];
        if (token.length() != 2 * bytes.length) {
            throw new IllegalArgumentException(
                    AttachMessages.TOKEN_VARIABLE + " has " + token.length() + " digits, not " + 2 * bytes.length);
        }
        for (int i = 0; i < bytes.length; i++) {
            int high = Character.digit(token.charAt(2 * i), 16);
            int low = Character.digit(token.charAt(2 * i + 1), 16);
            if (high < 0 || low < 0) {
                throw new IllegalArgumentException(AttachMessages.TOKEN_VARIABLE + " is not hexadecimal");
            }
            bytes[i] = (byte) (high << 4 | low);
        }
        return bytes;
    }
}
