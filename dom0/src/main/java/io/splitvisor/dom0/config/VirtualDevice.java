// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.config;

import java.util.OptionalInt;

/**
 * A guest's name for a disk, and the number that stands for it in xenstore paths ({@code device/vbd/51712}).
 *
 * <pre>
 * xvda .. xvdp, partitions to 15    202 &lt;&lt; 8 | disk &lt;&lt; 4 | partition      d0p1 names the same
 * xvdq .. or partitions to 255      1 &lt;&lt; 28 | disk &lt;&lt; 8 | partition
 * hda .. hdd, partitions to 63      3 &lt;&lt; 8 | disk &lt;&lt; 6 | partition, hdc and hdd: 22 &lt;&lt; 8 | (disk - 2) &lt;&lt; 6 | partition
 * sda .. sdp, partitions to 15      8 &lt;&lt; 8 | disk &lt;&lt; 4 | partition
 * a plain number                    itself
 * </pre>
 */
public final class VirtualDevice {
    private static final int EXTENDED = 1 << 28;
    private static final int MAX_DISK = (1 << 20) - 1;

    private VirtualDevice() {}

    /**
     * The number of a device, empty where the name is none.
     *
     * @param name {@code xvda}, {@code xvda1}, {@code hdc}, {@code sdb2}, {@code d0p1}, {@code 51712} or {@code 0xca00}
     */
    public static OptionalInt number(String name) {
        int[] diskAndPartition = dpForm(name);
        if (diskAndPartition == null) {
            diskAndPartition = lettered(name, "xvd", MAX_DISK, 255);
        }
        if (diskAndPartition != null) {
            int disk = diskAndPartition[0];
            int partition = diskAndPartition[1];
            return OptionalInt.of(
                    disk <= 15 && partition <= 15
                            ? 202 << 8 | disk << 4 | partition
                            : EXTENDED | disk << 8 | partition);
        }
        OptionalInt plain = Numbers.parseInt(name);
        if (plain.isPresent()) {
            return plain;
        }
        int[] hd = lettered(name, "hd", 3, 63);
        if (hd != null) {
            return OptionalInt.of((hd[0] < 2 ? 3 : 22) << 8 | (hd[0] & 1) << 6 | hd[1]);
        }
        int[] sd = lettered(name, "sd", 15, 15);
        return sd == null ? OptionalInt.empty() : OptionalInt.of(8 << 8 | sd[0] << 4 | sd[1]);
    }

    /** The name that Linux's front end gives to a device of this number: {@code xvda} for 51712. */
    public static String name(int number) {
        boolean extended = (number & EXTENDED) != 0;
        int minor = extended ? number & ~EXTENDED : number & 0xff;
        int partitions = extended ? 256 : 16;
        int partition = minor % partitions;
        return "xvd" + letters(minor / partitions) + (partition == 0 ? "" : String.valueOf(partition));
    }

    private static String letters(int disk) {
        String last = String.valueOf((char) ('a' + disk % 26));
        return disk < 26 ? last : letters(disk / 26 - 1) + last;
    }

    /** {@code dDpP} with numbers in C's bases. */
    private static int[] dpForm(String name) {
        int p = name.indexOf('p');
        if (!name.startsWith("d") || p < 0) {
            return null;
        }
        OptionalInt disk = Numbers.parseInt(name.substring(1, p));
        OptionalInt partition = Numbers.parseInt(name.substring(p + 1));
        boolean fits =
                disk.isPresent() && partition.isPresent() && disk.getAsInt() <= MAX_DISK && partition.getAsInt() < 256;
        return fits ? new int[] {disk.getAsInt(), partition.getAsInt()} : null;
    }

    /** Letters count in base 26 without a zero (z, then aa), a partition has no leading zero. */
    private static int[] lettered(String name, String prefix, int maxDisk, int maxPartition) {
        if (!name.startsWith(prefix)) {
            return null;
        }
        int position = prefix.length();
        long disk = -1;
        while (position < name.length() && name.charAt(position) >= 'a' && name.charAt(position) <= 'z') {
            disk = (disk + 1) * 26 + name.charAt(position++) - 'a';
            if (disk > maxDisk) {
                return null;
            }
        }
        if (disk < 0) {
            return null;
        }
        String digits = name.substring(position);
        if (digits.isEmpty()) {
            return new int[] {(int) disk, 0};
        }
        if (!digits.matches("[1-9][0-9]{0,2}") || Integer.parseInt(digits) > maxPartition) {
            return null;
        }
        return new int[] {(int) disk, Integer.parseInt(digits)};
    }
}
