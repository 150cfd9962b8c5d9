// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.xenstore;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** A server made of a function, which answers when and what it likes. */
final class ScriptedTransport implements XenstoreTransport {
    private final List<XsMessage> sent = new ArrayList<>();
    private final Consumer<XsMessage> script;
    private Receiver receiver;
    private boolean closed;

    ScriptedTransport(Consumer<XsMessage> script) {
        this.script = script;
    }

    synchronized List<XsMessage> sent() {
        return List.copyOf(sent);
    }

    boolean isClosed() {
        return closed;
    }

    void reply(XsMessage to, byte[] payload) {
        push(new XsMessage(to.type(), to.requestId(), to.transactionId(), payload));
    }

    void refuse(XsMessage to, String error) {
        push(new XsMessage(XsMessageType.ERROR.code(), to.requestId(), to.transactionId(), Payloads.strings(error)));
    }

    void event(String path, String token) {
        push(new XsMessage(XsMessageType.WATCH_EVENT.code(), 0, 0, Payloads.strings(path, token)));
    }

    void push(XsMessage message) {
        byte[] bytes = message.encode();
        receiver.received(bytes, 0, bytes.length);
    }

    /** A header that announces more than any message may have. */
    void pushTooLong() {
        byte[] header = new XsMessage(2, 1, 0, new byte[0]).encode();
        XsMessage.putInt(header, 12, -1);
        receiver.received(header, 0, header.length);
    }

    void restart() {
        receiver.restarted("the script wants it");
    }

    void end() {
        receiver.closed("the script ended");
    }

    @Override
    public void open(Receiver to) {
        receiver = to;
    }

    @Override
    public void send(byte[] bytes) {
        XsDecoder decoder = new XsDecoder();
        System.arraycopy(bytes, 0, decoder.target(), 0, XsWire.HEADER_SIZE);
        XsMessage message = decoder.advance(XsWire.HEADER_SIZE);
        if (message == null) {
            System.arraycopy(bytes, XsWire.HEADER_SIZE, decoder.target(), 0, decoder.wanted());
            message = decoder.advance(decoder.wanted());
        }
        synchronized (this) {
            sent.add(message);
        }
        script.accept(message);
    }

    @Override
    public void poll() {
        // The script pushes.
    }

    @Override
    public boolean needsPolling() {
        return false;
    }

    @Override
    public void close() {
        closed = true;
    }
}
