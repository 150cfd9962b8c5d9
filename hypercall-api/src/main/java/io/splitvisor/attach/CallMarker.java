// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.attach;

import io.splitvisor.abi.MulticallEntry;

/** Values with a meaning of their own in the {@link MulticallEntry}s of a hypercall ring (docs/attach-protocol.md); Xen has none of them. */
public final class CallMarker {
    /**
     * What the guest writes to {@code result} last, with release, to say that the call is complete in its slot. The monitor, while it
     * waits for the next call, takes it then, before the ring's index tells of it. No call has this result.
     */
    public static final long HANDED_OVER = 0x8000_0000_4845_5245L;

    /**
     * As the address of a structure that the monitor only reads: the structure lies in the words that follow in {@code args}. No
     * memory has this address.
     */
    public static final long IN_CALL = 0x8000_0000_4152_4753L;

    private CallMarker() {}
}
