// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.xenstored;

import io.splitvisor.dom0.log.GuestLines;
import io.splitvisor.xenstore.Payloads;
import io.splitvisor.xenstore.Permissions;
import io.splitvisor.xenstore.XsError;
import io.splitvisor.xenstore.XsMessage;
import io.splitvisor.xenstore.XsMessageType;
import io.splitvisor.xenstore.XsWire;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The protocol: takes a message apart, has it done, and answers. */
final class Requests {
    private static final Logger LOG = LoggerFactory.getLogger(Requests.class);
    private static final byte[] OK = ascii("OK");

    private final XenstoreCore core;
    private final Operations operations;
    private final DomainRequests domainRequests;
    private final ControlRequests controlRequests;

    Requests(XenstoreCore core) {
        this.core = core;
        this.operations = new Operations(core.domains());
        this.domainRequests = new DomainRequests(core);
        this.controlRequests = new ControlRequests(core);
    }

    /** Serves one request; always queues exactly one reply. */
    void process(Client client, XsMessage message) {
        XsMessageType type = XsMessageType.of(message.type());
        WatchEntry added = null;
        try {
            if (type == null || type == XsMessageType.WATCH_EVENT || type == XsMessageType.ERROR) {
                throw Refusal.of(XsError.ENOSYS);
            }
            if (isPrivileged(type) && !client.isPrivileged()) {
                throw Refusal.of(XsError.EACCES);
            }
            byte[] reply;
            if (type == XsMessageType.WATCH) {
                added = watch(client, message);
                reply = OK;
            } else {
                reply = serve(client, type, message);
            }
            XenstoreCore.reply(client, message, reply);
        } catch (Refusal refusal) {
            XenstoreCore.refuse(client, message, refusal.error());
        } catch (RuntimeException bug) {
            GuestLines.error(LOG, client.domid(), "xenstored failed on a {} of domain {}", type, client.domid(), bug);
            XenstoreCore.refuse(client, message, XsError.EIO);
        }
        if (added != null) {
            // The first event comes at once, so that clients need only one way to look; it comes after the answer.
            client.outbox().event(added, added.path());
        }
    }

    private static boolean isPrivileged(XsMessageType type) {
        return switch (type) {
            case CONTROL,
                    INTRODUCE,
                    RELEASE,
                    IS_DOMAIN_INTRODUCED,
                    RESUME,
                    SET_TARGET,
                    SET_FEATURE,
                    GET_QUOTA,
                    SET_QUOTA -> true;
            default -> false;
        };
    }

    private byte[] serve(Client client, XsMessageType type, XsMessage message) {
        if (type == XsMessageType.UNWATCH) {
            return unwatch(client, message);
        }
        StoreTransaction transaction = null;
        if (message.transactionId() != 0) {
            transaction = client.transaction(message.transactionId());
            if (transaction == null) {
                throw Refusal.of(XsError.ENOENT);
            }
        }
        Nodes view = transaction == null ? core.tree() : transaction;
        return switch (type) {
            case READ ->
                operations.read(client, view, onePath(client, message, false)).value();
            case DIRECTORY ->
                operations.read(client, view, onePath(client, message, false)).listing();
            case DIRECTORY_PART -> directoryPart(client, view, message);
            case GET_PERMS ->
                Payloads.strings(operations
                        .read(client, view, onePath(client, message, true))
                        .permissions()
                        .texts());
            case WRITE, MKDIR, RM, SET_PERMS -> change(client, view, type, message);
            case TRANSACTION_START -> begin(client, transaction);
            case TRANSACTION_END -> end(client, transaction, message);
            case RESET_WATCHES -> resetWatches(client);
            case CONTROL -> controlRequests.serve(message);
            default -> domainRequests.serve(client, type, message);
        };
    }

    // Nodes.

    private byte[] change(Client client, Nodes view, XsMessageType type, XsMessage message) {
        switch (type) {
            case WRITE -> {
                byte[] payload = message.payload();
                int end = endOfFirst(payload);
                operations.write(
                        client,
                        view,
                        path(client, string(payload, 0, end), false),
                        Arrays.copyOfRange(payload, end + 1, payload.length));
            }
            case MKDIR -> operations.mkdir(client, view, onePath(client, message, false));
            case RM -> operations.rm(client, view, onePath(client, message, false));
            default -> setPermissions(client, view, message);
        }
        // Outside transactions a write makes others' transactions fail; without any, it harms nobody.
        if (view == core.tree() && core.domains().pool().transactions() > 0) {
            client.domain().credit().debit(core.nowMillis());
        }
        return OK;
    }

    private void setPermissions(Client client, Nodes view, XsMessage message) {
        List<String> strings = Payloads.split(message.payload(), 0);
        if (strings.size() < 2) {
            throw Refusal.of(XsError.EINVAL);
        }
        if (client.domain().exceeds(Quota.PERMISSIONS, strings.size() - 1L)) {
            throw Refusal.of(XsError.ENOSPC);
        }
        Permissions permissions;
        try {
            permissions = Permissions.parse(strings.subList(1, strings.size()));
        } catch (IllegalArgumentException e) {
            throw Refusal.of(XsError.EINVAL);
        }
        operations.setPermissions(client, view, path(client, strings.get(0), true), permissions);
    }

    private byte[] directoryPart(Client client, Nodes view, XsMessage message) {
        List<String> arguments = Payloads.split(message.payload(), 0);
        if (arguments.size() != 2) {
            throw Refusal.of(XsError.EINVAL);
        }
        Node node = operations.read(client, view, path(client, arguments.get(0), false));
        int offset = Numbers.parse(arguments.get(1));
        byte[] listing = node.listing();
        byte[] generation = ascii(Long.toUnsignedString(node.generation()));
        int from = Math.min(offset, listing.length);
        // Whole names only, and room for the empty one that says that there are no more.
        int room = XsWire.PAYLOAD_MAX - generation.length - 1;
        int to = listing.length;
        if (to - from > room) {
            to = from + room;
            while (to > from && listing[to - 1] != 0) {
                to--;
            }
        }
        byte[] part = Arrays.copyOf(generation, generation.length + to - from + (to == listing.length ? 1 : 0));
        System.arraycopy(listing, from, part, generation.length, to - from);
        return part;
    }

    // Watches.

    private WatchEntry watch(Client client, XsMessage message) {
        List<String> arguments = Payloads.split(message.payload(), 0);
        int depth = -1;
        if (arguments.size() == 3 && (client.domain().features() & XsWire.FEATURE_WATCHDEPTH) != 0) {
            depth = Numbers.parse(arguments.get(2));
        } else if (arguments.size() != 2) {
            throw Refusal.of(XsError.EINVAL);
        }
        String given = arguments.get(0);
        String token = arguments.get(1);
        String path = path(client, given, true);
        if (client.findWatch(path, token) != null) {
            throw Refusal.of(XsError.EEXIST);
        }
        DomainState domain = client.domain();
        if (domain.exceeds(Quota.WATCHES, domain.used(Quota.WATCHES) + 1L)) {
            throw Refusal.of(XsError.ENOSPC);
        }
        int prefix = NodePath.isRelative(given) ? path.length() - given.length() : 0;
        WatchEntry watch = new WatchEntry(client, path, token, depth, prefix, core.nextWatch());
        if (domain.exceeds(Quota.MEMORY, domain.memory() + watch.memory())) {
            throw Refusal.of(XsError.ENOMEM);
        }
        client.addWatch(watch);
        return watch;
    }

    private static byte[] unwatch(Client client, XsMessage message) {
        List<String> arguments = Payloads.split(message.payload(), 0);
        if (arguments.size() != 2) {
            throw Refusal.of(XsError.EINVAL);
        }
        WatchEntry watch = client.findWatch(path(client, arguments.get(0), true), arguments.get(1));
        if (watch == null) {
            throw Refusal.of(XsError.ENOENT);
        }
        client.removeWatch(watch);
        return OK;
    }

    private static byte[] resetWatches(Client client) {
        client.removeAllWatches();
        client.endAllTransactions();
        return OK;
    }

    // Transactions.

    private byte[] begin(Client client, StoreTransaction running) {
        if (running != null) {
            throw Refusal.of(XsError.EBUSY);
        }
        DomainState domain = client.domain();
        if (domain.exceeds(Quota.TRANSACTIONS, domain.used(Quota.TRANSACTIONS) + 1L)) {
            throw Refusal.of(XsError.ENOSPC);
        }
        return ascii(Integer.toUnsignedString(client.begin(core.tree()).id()));
    }

    private byte[] end(Client client, StoreTransaction transaction, XsMessage message) {
        String how = oneString(message);
        boolean commit = how.equals("T");
        if (!commit && !how.equals("F")) {
            throw Refusal.of(XsError.EINVAL);
        }
        if (transaction == null) {
            throw Refusal.of(XsError.ENOENT);
        }
        try {
            if (commit) {
                boolean changes = transaction.hasChanges();
                transaction.commit(core.domains());
                // Our own is still counted.
                if (changes && core.domains().pool().transactions() > 1) {
                    client.domain().credit().debit(core.nowMillis());
                }
            }
        } finally {
            client.end(transaction);
        }
        return OK;
    }

    // Arguments.

    /** The only string of the payload, which must end with its NUL. */
    static String oneString(XsMessage message) {
        byte[] payload = message.payload();
        if (payload.length == 0 || endOfFirst(payload) != payload.length - 1) {
            throw Refusal.of(XsError.EINVAL);
        }
        return string(payload, 0, payload.length - 1);
    }

    private static String onePath(Client client, XsMessage message, boolean special) {
        return path(client, oneString(message), special);
    }

    private static String path(Client client, String given, boolean special) {
        String path = client.canonical(given, special);
        if (path == null) {
            throw Refusal.of(XsError.EINVAL);
        }
        return path;
    }

    private static int endOfFirst(byte[] payload) {
        for (int i = 0; i < payload.length; i++) {
            if (payload[i] == 0) {
                return i;
            }
        }
        throw Refusal.of(XsError.EINVAL);
    }

    private static String string(byte[] bytes, int from, int to) {
        return new String(bytes, from, to - from, StandardCharsets.ISO_8859_1);
    }

    /** Text and its NUL. */
    static byte[] ascii(String text) {
        return (text + "\0").getBytes(StandardCharsets.US_ASCII);
    }

    /** What most requests are answered with. */
    static byte[] ok() {
        return OK;
    }
}
