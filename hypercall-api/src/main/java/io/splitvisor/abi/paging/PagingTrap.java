// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.paging;

/**
 * Commands of {@code paging_trap_op}, hypercall 55 ({@code __HYPERVISOR_arch_7}): how a vCPU's MMU asks the monitor, as a
 * hardware MMU would by an exit. Splitvisor's own. Everything is in the words; the command is the first.
 *
 * <pre>
 *   command                 words 1, 2, ...                    modes
 *   FAULT                   linear, access                     shadow
 *   WRITE                   linear, access, bytes, value       shadow
 *   COMPARE_AND_SET         linear, access, bytes, expected, value   shadow
 *   INVLPG                  linear                             shadow
 *   LOAD_CR3                cr3                                shadow
 *   CONTROL                 cr0, cr4, efer                     shadow, ept
 *   EPT_VIOLATION           guest-physical address, access     ept
 *   EPT_MISCONFIGURATION    guest-physical address             ept
 *   DESCRIPTOR              selector, guest-physical address   registered
 * </pre>
 *
 * <p>Access is made of the bits {@link #WRITE_ACCESS}, {@link #USER}, {@link #FETCH} as in a page fault's error code, and
 * {@link #AC}. Results: a negative Xen errno for a call that makes no sense (-EOPNOTSUPP in another mode, -EINVAL for bad
 * words); {@link #MENDED}; {@link #pageFault} of an error code; {@link #EMULATE}; {@link #DIFFERENT}.
 *
 * <p><b>FAULT</b>: the walk of the shadow found no entry, or one without the right. The monitor walks the guest's tables with
 * the rights of the vCPU's CR0, CR4 and EFER as CONTROL told them. {@link #MENDED}: accessed and dirty bits are set in the
 * guest's tables, the shadow has the entry; walk again. {@code pageFault(code)}: raise #PF with {@code code} and the linear
 * address. {@link #EMULATE}: a store that has to go through WRITE or COMPARE_AND_SET, because the page is a shadowed table,
 * or CR0.WP is 0 and the guest's entry is read-only. Walking a shadow, the MMU acts as if CR0.WP were 1.
 *
 * -EFAULT: an entry leads to a frame without a page, on the way or at its end. The MMU walks the guest's tables itself then,
 * and takes the address for a device's.
 *
 * <p><b>WRITE</b> does all of a store, rights and accessed and dirty bits included: {@link #MENDED} or a page fault. 1, 2, 4
 * or 8 bytes, any alignment, but within a page: the MMU splits what crosses one, and stores of 16 bytes into two of 8.
 * <b>COMPARE_AND_SET</b> needs alignment; {@link #DIFFERENT} if the memory holds something else, which then stays.
 *
 * <p><b>INVLPG</b>, <b>LOAD_CR3</b>: as the instructions do; the MMU's own TLB is its own affair. LOAD_CR3 is not
 * preempted, and fails (-EINVAL) if reserved bits are set. <b>CONTROL</b>: CR0, CR4 and EFER have changed, or the guest has
 * flushed global entries too (CR4.PGE toggled, INVPCID): all tables that are out of sync are brought back. A vCPU starts
 * with CR0 = PE | WP | PG, CR4 = PAE | PGE, EFER = LME | LMA | NXE.
 *
 * <p><b>EPT_VIOLATION</b>: the second dimension's walk found no entry or too few rights; access is {@link #WRITE_ACCESS},
 * {@link #FETCH} or 0 for a read; accesses of the first dimension's walk to tables are writes when they set accessed or dirty
 * bits. {@link #MENDED}: walk again. -EFAULT: the guest has nothing there; it may be a device's address.
 * <b>EPT_MISCONFIGURATION</b>: an entry of the extended tables that makes no sense. The monitor looks for itself: if it finds
 * none either, {@link #MENDED}; otherwise the domain ends.
 *
 * <p><b>DESCRIPTOR</b>: a segment register is loaded. The descriptor of the selector is read from the vCPU's GDT or LDT and
 * stored, 8 bytes, at the address: {@link #MENDED}. -EINVAL: beyond the table's limit, or nothing valid is there: #GP.
 */
public final class PagingTrap {
    public static final int FAULT = 0;
    public static final int WRITE = 1;
    public static final int COMPARE_AND_SET = 2;
    public static final int INVLPG = 3;
    public static final int LOAD_CR3 = 4;
    public static final int CONTROL = 5;
    public static final int EPT_VIOLATION = 6;
    public static final int EPT_MISCONFIGURATION = 7;
    public static final int DESCRIPTOR = 8;

    /** Access: a store. */
    public static final int WRITE_ACCESS = 1 << 1;

    /** Access: in user mode. */
    public static final int USER = 1 << 2;

    /** Access: an instruction fetch. */
    public static final int FETCH = 1 << 4;

    /** Access: EFLAGS.AC is set, so that SMAP does not forbid it. */
    public static final int AC = 1 << 8;

    /** Result: walk again, or done. */
    public static final long MENDED = 0;

    /** Result: send the store as WRITE or COMPARE_AND_SET. */
    public static final long EMULATE = 0x100;

    /** Result of COMPARE_AND_SET: the memory held something else. */
    public static final long DIFFERENT = 0x101;

    private PagingTrap() {}

    /** The result for a page fault of the guest's own: its error code plus 1. */
    public static long pageFault(int errorCode) {
        return errorCode + 1L;
    }

    /** Whether a result is a page fault. */
    public static boolean isPageFault(long result) {
        return result > 0 && result < EMULATE;
    }

    /** The error code of a result that is a page fault. */
    public static int errorCode(long result) {
        return (int) result - 1;
    }
}
