// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.xenstored;

/** Rings of domains. */
interface DomainLinks {
    /** Opens a domain's ring, or opens it anew over another page. */
    void open(DomainState domain, RingPage page);

    /** The domain is gone; nothing of its ring is needed any more. */
    void forget(int domid);
}
