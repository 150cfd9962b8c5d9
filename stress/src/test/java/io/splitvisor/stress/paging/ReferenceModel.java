// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.stress.paging;

import io.splitvisor.domu.paging.PageFault;
import io.splitvisor.domu.paging.Privilege;
import io.splitvisor.domu.paging.Protection;
import java.util.HashMap;
import java.util.Map;

/**
 * What memory is, by the architecture manual (Intel SDM volume 3, 5.6 and 5.7) and by what the guest was asked to map: a map
 * from pages to rights and content. No tables, no TLB, no modes.
 */
final class ReferenceModel {
    static final int PAGE = 4096;

    /** What an access comes to. */
    enum Access {
        READ,
        WRITE,
        FETCH
    }

    /** One page of 4 KiB; a large one is many of these. */
    private static final class Page {
        private Protection protection;
        private byte[] content;

        private Page(Protection protection, byte[] content) {
            this.protection = protection;
            this.content = content;
        }
    }

    /** An address space. */
    static final class Space {
        private final Map<Long, Page> pages = new HashMap<>();

        void map(long address, long bytes, Protection protection) {
            for (long page = address / PAGE; page < (address + bytes) / PAGE; page++) {
                pages.put(page, new Page(protection, null));
            }
        }

        void unmap(long address, long bytes) {
            for (long page = address / PAGE; page < (address + bytes) / PAGE; page++) {
                pages.remove(page);
            }
        }

        void protect(long address, long bytes, Protection protection) {
            for (long page = address / PAGE; page < (address + bytes) / PAGE; page++) {
                Page mapped = pages.get(page);
                if (mapped != null) {
                    mapped.protection = protection;
                }
            }
        }

        /** What may be done with a page that is mapped. */
        Protection protection(long address) {
            return pages.get(address / PAGE).protection;
        }

        Space fork() {
            Space child = new Space();
            pages.forEach((number, page) -> child.pages.put(
                    number, new Page(page.protection, page.content == null ? null : page.content.clone())));
            return child;
        }
    }

    private boolean smep;
    private boolean smap;

    void controls(boolean newSmep, boolean newSmap) {
        smep = newSmep;
        smap = newSmap;
    }

    /** The fault that an access raises, at the first of its bytes that it must not touch; null for none. */
    PageFault check(Space space, long address, int size, Access access, Privilege privilege) {
        for (long at = address; at < address + size; at = at / PAGE * PAGE + PAGE) {
            int cause = cause(space.pages.get(at / PAGE), access, privilege);
            if (cause >= 0) {
                int error = cause
                        | (access == Access.WRITE ? PageFault.WRITE : 0)
                        | (privilege == Privilege.USER ? PageFault.USER : 0)
                        | (access == Access.FETCH ? PageFault.FETCH : 0);
                return new PageFault(at, error);
            }
        }
        return null;
    }

    /** 0 for a page that is not there, PRESENT for one that forbids the access, -1 for none of the two. */
    private int cause(Page page, Access access, Privilege privilege) {
        if (page == null) {
            return 0;
        }
        Protection may = page.protection;
        boolean allowed =
                switch (access) {
                    case READ -> true;
                    case WRITE -> may.write();
                    case FETCH -> may.execute();
                };
        if (privilege == Privilege.USER) {
            allowed &= may.user();
        } else if (may.user()) {
            allowed &= access == Access.FETCH ? !smep : !smap || privilege == Privilege.KERNEL_TO_USER;
        }
        return allowed ? -1 : PageFault.PRESENT;
    }

    /** The value at an address, which is allowed to be read. */
    long load(Space space, long address, int size) {
        long value = 0;
        for (int i = 0; i < size; i++) {
            byte[] content = space.pages.get((address + i) / PAGE).content;
            long b = content == null ? 0 : content[(int) ((address + i) % PAGE)] & 0xff;
            value |= b << 8 * i;
        }
        return value;
    }

    /** Stores where it is allowed. */
    void store(Space space, long address, int size, long value) {
        for (int i = 0; i < size; i++) {
            Page page = space.pages.get((address + i) / PAGE);
            if (page.content == null) {
                page.content = new byte[PAGE];
            }
            page.content[(int) ((address + i) % PAGE)] = (byte) (value >>> 8 * i);
        }
    }
}
