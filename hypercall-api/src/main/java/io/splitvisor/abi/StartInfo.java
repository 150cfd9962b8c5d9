// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/**
 * What a domain finds at its start, written by the builder and private to the guest from then on. {@code struct
 * start_info} in xen.h.
 *
 * <pre>
 *   offset  size  field                   meaning
 *        0    32  magic[32]               "xen-3.0-x86_64" or the like, with a NUL
 *       32     8  nr_pages                pages of the domain
 *       40     8  shared_info             machine address of {@link SharedInfo}
 *       48     4  flags                   {@link StartInfoFlags}
 *       56     8  store_mfn               frame of the xenstore ring
 *       64     4  store_evtchn            its event channel
 *       72     8  console.domU.mfn        frame of the console ring
 *       80     4  console.domU.evtchn     its event channel
 *       72     4  console.dom0.info_off   Dom0 instead: offset of the video console's description
 *       76     4  console.dom0.info_size  and its size
 *       88     8  pt_base                 address of the first page table
 *       96     8  nr_pt_frames            frames of page tables
 *      104     8  mfn_list                address of the frame list
 *      112     8  mod_start               address of the module, such as an initial RAM disk
 *      120     8  mod_len                 its size in bytes
 *      128  1024  cmd_line[1024]          with a NUL
 *     1152     8  first_p2m_pfn           first frame of the frame list
 *     1160     8  nr_p2m_frames           its frames
 * </pre>
 */
public final class StartInfo {
    /** Bytes of the structure. */
    public static final int SIZE = 1168;

    /** Bytes of {@code cmd_line}, with its NUL ({@code MAX_GUEST_CMDLINE}). */
    public static final int MAX_GUEST_CMDLINE = 1024;

    /** Bytes of {@code magic}, with its NUL. */
    public static final int MAX_MAGIC = 32;

    public static final long MAGIC = 0;
    public static final long NR_PAGES = 32;
    public static final long SHARED_INFO = 40;
    public static final long FLAGS = 48;
    public static final long STORE_MFN = 56;
    public static final long STORE_EVTCHN = 64;
    public static final long CONSOLE_DOMU_MFN = 72;
    public static final long CONSOLE_DOMU_EVTCHN = 80;
    public static final long CONSOLE_DOM0_INFO_OFF = 72;
    public static final long CONSOLE_DOM0_INFO_SIZE = 76;
    public static final long PT_BASE = 88;
    public static final long NR_PT_FRAMES = 96;
    public static final long MFN_LIST = 104;
    public static final long MOD_START = 112;
    public static final long MOD_LEN = 120;
    public static final long CMD_LINE = 128;
    public static final long FIRST_P2M_PFN = 1152;
    public static final long NR_P2M_FRAMES = 1160;

    private StartInfo() {}

    public static String magic(MemorySegment memory, long at) {
        return text(memory, at + MAGIC, MAX_MAGIC);
    }

    /**
     * Sets {@code magic}, and zeroes the bytes behind it.
     *
     * @throws IllegalArgumentException if it does not fit {@link #MAX_MAGIC} bytes with its NUL
     */
    public static void magic(MemorySegment memory, long at, String value) {
        text(memory, at + MAGIC, MAX_MAGIC, value);
    }

    public static long nrPages(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + NR_PAGES);
    }

    public static void nrPages(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + NR_PAGES, value);
    }

    public static long sharedInfo(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + SHARED_INFO);
    }

    public static void sharedInfo(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + SHARED_INFO, value);
    }

    public static int flags(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + FLAGS);
    }

    public static void flags(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + FLAGS, value);
    }

    public static long storeMfn(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + STORE_MFN);
    }

    public static void storeMfn(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + STORE_MFN, value);
    }

    public static int storeEvtchn(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + STORE_EVTCHN);
    }

    public static void storeEvtchn(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + STORE_EVTCHN, value);
    }

    public static long consoleDomuMfn(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + CONSOLE_DOMU_MFN);
    }

    public static void consoleDomuMfn(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + CONSOLE_DOMU_MFN, value);
    }

    public static int consoleDomuEvtchn(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + CONSOLE_DOMU_EVTCHN);
    }

    public static void consoleDomuEvtchn(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + CONSOLE_DOMU_EVTCHN, value);
    }

    public static int consoleDom0InfoOff(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + CONSOLE_DOM0_INFO_OFF);
    }

    public static void consoleDom0InfoOff(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + CONSOLE_DOM0_INFO_OFF, value);
    }

    public static int consoleDom0InfoSize(MemorySegment memory, long at) {
        return memory.get(JAVA_INT_UNALIGNED, at + CONSOLE_DOM0_INFO_SIZE);
    }

    public static void consoleDom0InfoSize(MemorySegment memory, long at, int value) {
        memory.set(JAVA_INT_UNALIGNED, at + CONSOLE_DOM0_INFO_SIZE, value);
    }

    public static long ptBase(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + PT_BASE);
    }

    public static void ptBase(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + PT_BASE, value);
    }

    public static long nrPtFrames(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + NR_PT_FRAMES);
    }

    public static void nrPtFrames(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + NR_PT_FRAMES, value);
    }

    public static long mfnList(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + MFN_LIST);
    }

    public static void mfnList(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + MFN_LIST, value);
    }

    public static long modStart(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + MOD_START);
    }

    public static void modStart(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + MOD_START, value);
    }

    public static long modLen(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + MOD_LEN);
    }

    public static void modLen(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + MOD_LEN, value);
    }

    public static long firstP2mPfn(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + FIRST_P2M_PFN);
    }

    public static void firstP2mPfn(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + FIRST_P2M_PFN, value);
    }

    public static long nrP2mFrames(MemorySegment memory, long at) {
        return memory.get(JAVA_LONG_UNALIGNED, at + NR_P2M_FRAMES);
    }

    public static void nrP2mFrames(MemorySegment memory, long at, long value) {
        memory.set(JAVA_LONG_UNALIGNED, at + NR_P2M_FRAMES, value);
    }

    public static String cmdLine(MemorySegment memory, long at) {
        return text(memory, at + CMD_LINE, MAX_GUEST_CMDLINE);
    }

    /**
     * Sets {@code cmd_line}, and zeroes the bytes behind it.
     *
     * @throws IllegalArgumentException if it does not fit {@link #MAX_GUEST_CMDLINE} bytes with its NUL
     */
    public static void cmdLine(MemorySegment memory, long at, String value) {
        text(memory, at + CMD_LINE, MAX_GUEST_CMDLINE, value);
    }

    /** Up to the first NUL, or all of it if there is none. */
    private static String text(MemorySegment memory, long from, int most) {
        byte[] bytes = memory.asSlice(from, most).toArray(JAVA_BYTE);
        int length = 0;
        while (length < most && bytes[length] != 0) {
            length++;
        }
        return new String(bytes, 0, length, StandardCharsets.UTF_8);
    }

    private static void text(MemorySegment memory, long to, int most, String value) {
        byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
        if (bytes.length >= most) {
            throw new IllegalArgumentException("text of " + bytes.length + " bytes in a field of " + most);
        }
        MemorySegment field = memory.asSlice(to, most);
        field.fill((byte) 0);
        MemorySegment.copy(bytes, 0, field, JAVA_BYTE, 0, bytes.length);
    }
}
