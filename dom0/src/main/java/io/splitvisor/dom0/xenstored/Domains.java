// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.xenstored;

import io.splitvisor.xenstore.Permissions;
import io.splitvisor.xenstore.XsWire;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;

/** Domains that xenstored keeps account of: introduced ones, and those that nodes name. */
final class Domains {
    /** What domains are offered. */
    static final int FEATURES =
            XsWire.FEATURE_RECONNECTION | XsWire.FEATURE_ERROR | XsWire.FEATURE_WATCHDEPTH | XsWire.FEATURE_DOMID_ANY;

    private final Map<Integer, DomainState> byId = new HashMap<>();
    private final Quota.Values defaults = new Quota.Values();
    private final WriteCredit.Pool pool = new WriteCredit.Pool();
    private final IntPredicate exists;

    /** @param exists whether the hypervisor has a domain of that id */
    Domains(IntPredicate exists) {
        this.exists = exists;
        add(0).setIntroduced(true);
    }

    /** Quotas that new domains start with. */
    Quota.Values defaults() {
        return defaults;
    }

    WriteCredit.Pool pool() {
        return pool;
    }

    /** The domain's state, or null if nothing is kept of it. */
    DomainState find(int domid) {
        return byId.get(domid);
    }

    /** The domain's state; null if there is no such domain. */
    DomainState findOrAdd(int domid) {
        DomainState domain = byId.get(domid);
        if (domain == null && domid >= 0 && domid < XsWire.DOMID_FIRST_RESERVED && exists.test(domid)) {
            domain = add(domid);
        }
        return domain;
    }

    /** The domain's state, which is made if there is none. */
    DomainState add(int domid) {
        DomainState domain = byId.get(domid);
        if (domain == null) {
            domain = new DomainState(domid, new Quota.Values(defaults), FEATURES, new WriteCredit(pool));
            byId.put(domid, domain);
        }
        return domain;
    }

    void remove(int domid) {
        byId.remove(domid);
    }

    Collection<DomainState> all() {
        return byId.values();
    }

    /** Whether an entry of these permissions, the owner's included, names the domain. */
    static boolean names(Permissions permissions, int domid) {
        if (permissions.owner() == domid) {
            return true;
        }
        List<Permissions.Entry> entries = permissions.entries();
        for (int i = 0; i < entries.size(); i++) {
            if (entries.get(i).domid() == domid) {
                return true;
            }
        }
        return false;
    }

    /** The permissions without entries for the domain. */
    static Permissions without(Permissions permissions, int domid) {
        List<Permissions.Entry> rest = new ArrayList<>();
        for (Permissions.Entry entry : permissions.entries()) {
            if (entry.domid() != domid) {
                rest.add(entry);
            }
        }
        return new Permissions(permissions.owner(), permissions.others(), rest);
    }

    /** The permissions without entries for domains that do not exist, lest a later one of that id inherits them. */
    Permissions withoutUnknown(Permissions permissions) {
        Permissions known = permissions;
        for (Permissions.Entry entry : permissions.entries()) {
            if (entry.domid() != XsWire.DOMID_ANY && findOrAdd(entry.domid()) == null) {
                known = without(known, entry.domid());
            }
        }
        return known;
    }
}
