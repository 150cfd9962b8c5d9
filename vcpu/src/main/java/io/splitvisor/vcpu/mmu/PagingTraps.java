// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.mmu;

/**
 * What an MMU asks a monitor. A method returns when the monitor has answered: by a hypercall where it is another process, by
 * a method call where it runs beside the processor.
 */
public interface PagingTraps {
    /** The monitor has done what was missing: walk again. */
    int MENDED = -1;
    /** The store has to be made with {@link #write}. */
    int EMULATE = -2;
    /** {@link #compareAndSet} found something else. */
    int DIFFERENT = -3;
    /** Nothing is there. */
    int NOTHING = -4;

    /**
     * The walk of a shadow found no entry, or one that forbids the access.
     *
     * @return {@link #MENDED}, {@link #EMULATE}, the error code of the guest's own page fault, or {@link #NOTHING} if it leads
     *     to no memory
     */
    int fault(long linear, int access, int bank);

    /**
     * A store to a page whose stores the monitor makes. It does not cross a page.
     *
     * @return {@link #MENDED}, or the error code of a page fault
     */
    int write(long linear, int size, long value, int bank);

    /**
     * Compares 8 aligned bytes there, and sets them.
     *
     * @return {@link #MENDED}, {@link #DIFFERENT}, or the error code of a page fault
     */
    int compareAndSet(long linear, long expected, long value, int bank);

    /** INVLPG. */
    void invalidate(long linear);

    /** A new CR3. */
    void loadRoot(long cr3);

    /** New control registers. */
    void controls(PagingControls controls);

    /**
     * A guest-physical address has no translation, or none that permits the access.
     *
     * @return {@link #MENDED} or {@link #NOTHING}
     */
    int eptViolation(long gpa, int access);

    /** An entry on the way to a guest-physical address makes no sense. Returns if the monitor has mended it. */
    void eptMisconfiguration(long gpa);
}
