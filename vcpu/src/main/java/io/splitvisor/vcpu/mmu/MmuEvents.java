// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.mmu;

/** What the MMU cannot settle itself. All methods run on the processor's thread and may throw {@link GuestFault}. */
public interface MmuEvents {
    /**
     * A load from a page without memory.
     *
     * @param gpa guest-physical address
     * @param size 1, 2, 4 or 8; the access does not cross a page
     * @return the value, zero-extended
     */
    long deviceRead(long gpa, int size);

    /** A store to a page without memory, or one whose stores trap. Parameters as in {@link #deviceRead}. */
    void deviceWrite(long gpa, int size, long value);

    /**
     * A store is about to hit a page that holds decoded code.
     *
     * @param offset where in guest RAM
     * @param size bytes
     */
    void codeWrite(long offset, int size);

    /** For users without devices and without code: a device reads as all ones and ignores stores. */
    MmuEvents NONE = new MmuEvents() {
        @Override
        public long deviceRead(long gpa, int size) {
            return -1L >>> (64 - 8 * size);
        }

        @Override
        public void deviceWrite(long gpa, int size, long value) {}

        @Override
        public void codeWrite(long offset, int size) {}
    };
}
