// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.xenstore;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Node requests as messages, the same inside and outside transactions. */
abstract class NodeRequests implements XenstoreNodes {
    /** A listing that changes under our hands is begun again so often. */
    private static final int MAX_RESTARTS = 100;

    /**
     * Sends and waits.
     *
     * @return the reply, which may be an ERROR
     */
    abstract XsMessage exchange(XsMessageType type, byte[] payload, String what);

    /** Sends, waits, and throws what the reply says went wrong. */
    final XsMessage request(XsMessageType type, byte[] payload, String what) {
        XsMessage reply = exchange(type, payload, what);
        if (reply.is(XsMessageType.ERROR)) {
            throw new XenstoreException(XsError.named(reply.text()), type.name(), what);
        }
        if (!reply.is(type)) {
            throw new XenstoreException(XsError.EIO, type.name(), what);
        }
        return reply;
    }

    static byte[] payload(XsMessageType type, String path) {
        try {
            return Payloads.strings(path);
        } catch (IllegalArgumentException e) {
            throw new XenstoreException(XsError.EINVAL, type.name(), path, e);
        }
    }

    @Override
    public String read(String path) {
        return new String(readBytes(path), UTF_8);
    }

    @Override
    public byte[] readBytes(String path) {
        return request(XsMessageType.READ, payload(XsMessageType.READ, path), path)
                .payload();
    }

    @Override
    public String readIfPresent(String path) {
        XsMessage reply = exchange(XsMessageType.READ, payload(XsMessageType.READ, path), path);
        if (!reply.is(XsMessageType.ERROR)) {
            return new String(reply.payload(), UTF_8);
        }
        XsError error = XsError.named(reply.text());
        if (error == XsError.ENOENT || error == XsError.EACCES) {
            return null;
        }
        throw new XenstoreException(error, "READ", path);
    }

    @Override
    public void write(String path, String value) {
        write(path, value.getBytes(UTF_8));
    }

    @Override
    public void write(String path, byte[] value) {
        byte[] payload;
        try {
            payload = Payloads.withValue(path, value);
        } catch (IllegalArgumentException e) {
            throw new XenstoreException(XsError.EINVAL, "WRITE", path, e);
        }
        request(XsMessageType.WRITE, payload, path);
    }

    @Override
    public void mkdir(String path) {
        request(XsMessageType.MKDIR, payload(XsMessageType.MKDIR, path), path);
    }

    @Override
    public void rm(String path) {
        request(XsMessageType.RM, payload(XsMessageType.RM, path), path);
    }

    @Override
    public boolean exists(String path) {
        return readIfPresent(path) != null;
    }

    @Override
    public List<String> list(String path) {
        XsMessage reply = exchange(XsMessageType.DIRECTORY, payload(XsMessageType.DIRECTORY, path), path);
        if (!reply.is(XsMessageType.ERROR)) {
            return Payloads.split(reply.payload(), 0);
        }
        XsError error = XsError.named(reply.text());
        if (error != XsError.E2BIG) {
            throw new XenstoreException(error, "DIRECTORY", path);
        }
        for (int i = 0; i < MAX_RESTARTS; i++) {
            List<String> names = listInParts(path);
            if (names != null) {
                return names;
            }
        }
        throw new XenstoreException(XsError.EAGAIN, "DIRECTORY_PART", path);
    }

    /** The listing piece by piece; null if the node changed meanwhile. */
    private List<String> listInParts(String path) {
        byte[] names = {};
        String generation = null;
        while (true) {
            byte[] payload = Payloads.strings(path, Integer.toString(names.length));
            byte[] part = request(XsMessageType.DIRECTORY_PART, payload, path).payload();
            int start = 0;
            while (start < part.length && part[start] != 0) {
                start++;
            }
            String seen = new String(part, 0, start, UTF_8);
            start++;
            if (generation != null && !generation.equals(seen)) {
                return null;
            }
            generation = seen;
            int length = part.length - start;
            // An empty name at the end of a part says that this was the last one.
            boolean last = length <= 1 || part[part.length - 2] == 0;
            int names0 = names.length;
            int take = Math.max(0, last ? length - 1 : length);
            names = Arrays.copyOf(names, names0 + take);
            System.arraycopy(part, Math.min(start, part.length), names, names0, take);
            if (last) {
                return Payloads.split(names, 0);
            }
        }
    }

    @Override
    public Permissions getPermissions(String path) {
        XsMessage reply = request(XsMessageType.GET_PERMS, payload(XsMessageType.GET_PERMS, path), path);
        try {
            return Permissions.parse(Payloads.split(reply.payload(), 0));
        } catch (IllegalArgumentException e) {
            throw new XenstoreException(XsError.EIO, "GET_PERMS", path, e);
        }
    }

    @Override
    public void setPermissions(String path, Permissions permissions) {
        List<String> strings = new ArrayList<>(permissions.count() + 1);
        strings.add(path);
        strings.addAll(permissions.texts());
        byte[] payload;
        try {
            payload = Payloads.strings(strings);
        } catch (IllegalArgumentException e) {
            throw new XenstoreException(XsError.EINVAL, "SET_PERMS", path, e);
        }
        request(XsMessageType.SET_PERMS, payload, path);
    }
}
