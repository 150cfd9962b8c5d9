// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.abi;

/** Operations of {@code xen_version} (xen/include/public/version.h). */
public final class XenVersion {
    public static final int VERSION = 0;
    public static final int EXTRAVERSION = 1;
    public static final int COMPILE_INFO = 2;
    public static final int CAPABILITIES = 3;
    public static final int CHANGESET = 4;
    public static final int PLATFORM_PARAMETERS = 5;
    public static final int GET_FEATURES = 6;
    public static final int PAGESIZE = 7;
    public static final int GUEST_HANDLE = 8;
    public static final int COMMANDLINE = 9;
    public static final int BUILD_ID = 10;
    public static final int EXTRAVERSION_LEN = 16;
    public static final int CAPABILITIES_INFO_LEN = 1024;
    public static final int CHANGESET_INFO_LEN = 64;

    private XenVersion() {}

    /** Xen's name, such as "extraversion"; "xen_version N" for a number that Xen does not define. */
    public static String nameOf(int op) {
        return switch (op) {
            case VERSION -> "version";
            case EXTRAVERSION -> "extraversion";
            case COMPILE_INFO -> "compile_info";
            case CAPABILITIES -> "capabilities";
            case CHANGESET -> "changeset";
            case PLATFORM_PARAMETERS -> "platform_parameters";
            case GET_FEATURES -> "get_features";
            case PAGESIZE -> "pagesize";
            case GUEST_HANDLE -> "guest_handle";
            case COMMANDLINE -> "commandline";
            case BUILD_ID -> "build_id";
            default -> "xen_version " + op;
        };
    }
}
