// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.grant;

/** Flags of a grant entry (grant_table.h, {@code GTF_*}): type in bits 1:0, then modifiers. */
public final class GrantFlags {
    /** Type: no privileges granted. */
    public static final int INVALID = 0x0;
    /** Type: the domain may map or access the frame. */
    public static final int PERMIT_ACCESS = 0x1;
    /** Type: the domain may transfer one page into the frame. */
    public static final int ACCEPT_TRANSFER = 0x2;
    /** Type: refers to a grant of another domain; v2 only. */
    public static final int TRANSITIVE = 0x3;
    /** Bits of the type. */
    public static final int TYPE_MASK = 0x3;
    /** The frame may only be read. Set by the granter. */
    public static final int READONLY = 0x4;
    /** The frame is mapped for reading. Set by the monitor. */
    public static final int READING = 0x8;
    /** The frame is mapped for writing. Set by the monitor. */
    public static final int WRITING = 0x10;

    public static final int PWT = 0x20;
    public static final int PCD = 0x40;
    public static final int PAT = 0x80;
    /** Grants a part of the page; v2 only. */
    public static final int SUB_PAGE = 0x100;
    /** The transfer is committed: the guest waits for its completion. */
    public static final int TRANSFER_COMMITTED = 0x4;
    /** The transfer is done. */
    public static final int TRANSFER_COMPLETED = 0x8;

    private GrantFlags() {}
}
