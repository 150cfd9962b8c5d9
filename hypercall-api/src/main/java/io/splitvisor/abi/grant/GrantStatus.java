// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi.grant;

/** Results of a grant operation in its {@code status} field (grant_table.h, {@code GNTST_*}): zero, or negative. */
public final class GrantStatus {
    /** Normal return. */
    public static final int OKAY = 0;
    /** General undefined error. */
    public static final int GENERAL_ERROR = -1;
    /** Unrecognised domain id. */
    public static final int BAD_DOMAIN = -2;
    /** Unrecognised or inappropriate grant reference. */
    public static final int BAD_GNTREF = -3;
    /** Unrecognised or inappropriate grant handle. */
    public static final int BAD_HANDLE = -4;
    /** Inappropriate virtual address to map. */
    public static final int BAD_VIRT_ADDR = -5;
    /** Inappropriate device address to unmap. */
    public static final int BAD_DEV_ADDR = -6;
    /** Out of space in the IOMMU. */
    public static final int NO_DEVICE_SPACE = -7;
    /** Not enough privilege for the operation. */
    public static final int PERMISSION_DENIED = -8;
    /** The page is invalid for the operation. */
    public static final int BAD_PAGE = -9;
    /** Copy arguments cross a page boundary. */
    public static final int BAD_COPY_ARG = -10;
    /** The transferred page's address is too large. */
    public static final int ADDRESS_TOO_BIG = -11;
    /** The operation is not done; try again. */
    public static final int EAGAIN = -12;
    /** Out of space in the table or maptrack. */
    public static final int NO_SPACE = -13;

    private GrantStatus() {}

    /** Xen's name, such as "bad_gntref"; "status N" for a number that Xen does not define. */
    public static String nameOf(int status) {
        return switch (status) {
            case OKAY -> "okay";
            case GENERAL_ERROR -> "general_error";
            case BAD_DOMAIN -> "bad_domain";
            case BAD_GNTREF -> "bad_gntref";
            case BAD_HANDLE -> "bad_handle";
            case BAD_VIRT_ADDR -> "bad_virt_addr";
            case BAD_DEV_ADDR -> "bad_dev_addr";
            case NO_DEVICE_SPACE -> "no_device_space";
            case PERMISSION_DENIED -> "permission_denied";
            case BAD_PAGE -> "bad_page";
            case BAD_COPY_ARG -> "bad_copy_arg";
            case ADDRESS_TOO_BIG -> "address_too_big";
            case EAGAIN -> "eagain";
            case NO_SPACE -> "no_space";
            default -> "status " + status;
        };
    }
}
