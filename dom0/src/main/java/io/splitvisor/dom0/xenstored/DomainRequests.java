// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.xenstored;

import io.splitvisor.xenstore.Payloads;
import io.splitvisor.xenstore.XsError;
import io.splitvisor.xenstore.XsMessage;
import io.splitvisor.xenstore.XsMessageType;
import io.splitvisor.xenstore.XsWire;
import java.util.List;

/** Requests about domains, their features and their quotas. */
final class DomainRequests {
    private final XenstoreCore core;

    DomainRequests(XenstoreCore core) {
        this.core = core;
    }

    byte[] serve(Client client, XsMessageType type, XsMessage message) {
        return switch (type) {
            case INTRODUCE -> introduce(message);
            case RELEASE -> {
                core.release(connected(message).domid());
                yield Requests.ok();
            }
            case RESUME -> {
                connected(message).setShutDown(false);
                yield Requests.ok();
            }
            case SET_TARGET -> setTarget(message);
            case GET_DOMAIN_PATH -> Requests.ascii(NodePath.home(Numbers.domid(Requests.oneString(message))));
            case IS_DOMAIN_INTRODUCED -> isIntroduced(message);
            case GET_FEATURE -> getFeature(client, message);
            case SET_FEATURE -> setFeature(message);
            case GET_QUOTA -> getQuota(message);
            case SET_QUOTA -> setQuota(message);
            default -> throw Refusal.of(XsError.ENOSYS);
        };
    }

    private byte[] introduce(XsMessage message) {
        List<String> arguments = Payloads.split(message.payload(), 0);
        if (arguments.size() < 3) {
            throw Refusal.of(XsError.EINVAL);
        }
        int domid = Numbers.domid(arguments.get(0));
        int port = Numbers.parse(arguments.get(2));
        if (domid == 0 || domid >= XsWire.DOMID_FIRST_RESERVED || port == 0) {
            throw Refusal.of(XsError.EINVAL);
        }
        core.introduce(domid, Numbers.parseLong(arguments.get(1)), port);
        return Requests.ok();
    }

    /** The only argument, a domain that is spoken with. */
    private DomainState connected(XsMessage message) {
        int domid = Numbers.domid(Requests.oneString(message));
        if (domid == 0) {
            throw Refusal.of(XsError.EINVAL);
        }
        return connected(domid);
    }

    private DomainState connected(int domid) {
        DomainState domain = core.domains().find(domid);
        if (domain == null || !domain.isIntroduced()) {
            throw Refusal.of(XsError.ENOENT);
        }
        return domain;
    }

    private byte[] setTarget(XsMessage message) {
        List<String> arguments = Payloads.split(message.payload(), 0);
        if (arguments.size() < 2) {
            throw Refusal.of(XsError.EINVAL);
        }
        DomainState domain = connected(Numbers.domid(arguments.get(0)));
        DomainState target = connected(Numbers.domid(arguments.get(1)));
        if (target.isPrivileged()) {
            // Xen would make the domain as mighty as the control domain.
            throw Refusal.of(XsError.EINVAL);
        }
        for (Client client : domain.clients()) {
            client.setTarget(target.domid());
        }
        return Requests.ok();
    }

    private byte[] isIntroduced(XsMessage message) {
        int domid = Numbers.domid(Requests.oneString(message));
        DomainState domain = core.domains().find(domid);
        boolean is = domid == XsWire.DOMID_SELF || (domain != null && domain.isIntroduced());
        return Requests.ascii(is ? "T" : "F");
    }

    private DomainState existing(String domid) {
        DomainState domain = core.domains().findOrAdd(Numbers.domid(domid));
        if (domain == null) {
            throw Refusal.of(XsError.ENOENT);
        }
        return domain;
    }

    private byte[] getFeature(Client client, XsMessage message) {
        List<String> arguments = Payloads.split(message.payload(), 0);
        // A lone NUL is what clients send that have nothing to say.
        if (arguments.isEmpty() || (arguments.size() == 1 && arguments.get(0).isEmpty())) {
            return Requests.ascii(Integer.toString(client.domain().features()));
        }
        if (!client.isPrivileged()) {
            throw Refusal.of(XsError.EACCES);
        }
        if (arguments.size() > 1) {
            throw Refusal.of(XsError.EINVAL);
        }
        return Requests.ascii(Integer.toString(existing(arguments.get(0)).features()));
    }

    private byte[] setFeature(XsMessage message) {
        List<String> arguments = Payloads.split(message.payload(), 0);
        if (arguments.size() != 2) {
            throw Refusal.of(XsError.EINVAL);
        }
        DomainState domain = existing(arguments.get(0));
        int features = Numbers.parse(arguments.get(1));
        if (domain.isIntroduced()) {
            throw Refusal.of(XsError.EBUSY);
        }
        if ((features & ~Domains.FEATURES) != 0) {
            throw Refusal.of(XsError.EINVAL);
        }
        domain.setFeatures(features);
        return Requests.ok();
    }

    private byte[] getQuota(XsMessage message) {
        List<String> arguments = Payloads.split(message.payload(), 0);
        if (arguments.isEmpty() || (arguments.size() == 1 && arguments.get(0).isEmpty())) {
            StringBuilder names = new StringBuilder();
            for (Quota quota : Quota.values()) {
                names.append(names.isEmpty() ? "" : " ").append(quota.key());
            }
            return Requests.ascii(names.toString());
        }
        if (arguments.size() > 2) {
            throw Refusal.of(XsError.EINVAL);
        }
        Quota.Values values = arguments.size() == 1
                ? core.domains().defaults()
                : existing(arguments.get(0)).quotas();
        return Requests.ascii(Integer.toString(values.get(quota(arguments.getLast()))));
    }

    private byte[] setQuota(XsMessage message) {
        List<String> arguments = Payloads.split(message.payload(), 0);
        if (arguments.size() < 2 || arguments.size() > 3) {
            throw Refusal.of(XsError.EINVAL);
        }
        Quota.Values values = arguments.size() == 2
                ? core.domains().defaults()
                : existing(arguments.get(0)).quotas();
        Quota quota = quota(arguments.get(arguments.size() - 2));
        values.set(quota, Numbers.parse(arguments.getLast()));
        return Requests.ok();
    }

    private static Quota quota(String name) {
        Quota quota = Quota.of(name);
        if (quota == null) {
            throw Refusal.of(XsError.EINVAL);
        }
        return quota;
    }
}
