// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.hypercall;

/** {@code xen_version} in a batch. Each method adds a call and answers its index. */
public final class XenVersionCalls {
    private final HypercallBatch batch;

    XenVersionCalls(HypercallBatch batch) {
        this.batch = batch;
    }

    /** {@code XENVER_version}: the result is major shifted left by 16, plus minor. */
    public int version() {
        return batch.add(HypercallOp.XENVER_VERSION, 0, 0, 0);
    }

    /** {@code XENVER_pagesize}: the result is the bytes of a page. */
    public int pageSize() {
        return batch.add(HypercallOp.XENVER_PAGESIZE, 0, 0, 0);
    }
}
