// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.store;

/** Numbers of the NBD protocol (doc/proto.md of the NBD project). Everything on the wire is big-endian. */
final class NbdProtocol {
    static final long INIT_MAGIC = 0x4e42444d41474943L;
    static final long OPTION_MAGIC = 0x49484156454f5054L;
    static final long OPTION_REPLY_MAGIC = 0x3e889045565a9L;
    static final int REQUEST_MAGIC = 0x25609513;
    static final int SIMPLE_REPLY_MAGIC = 0x67446698;

    static final int FLAG_FIXED_NEWSTYLE = 1;
    static final int FLAG_NO_ZEROES = 2;

    static final int OPT_EXPORT_NAME = 1;
    static final int OPT_GO = 7;
    static final int REP_ACK = 1;
    static final int REP_INFO = 3;
    static final int REP_ERROR = 1 << 31;
    static final int REP_ERR_UNSUPPORTED = REP_ERROR | 1;
    static final int REP_ERR_POLICY = REP_ERROR | 2;
    static final int REP_ERR_UNKNOWN = REP_ERROR | 6;
    static final int INFO_EXPORT = 0;
    static final int INFO_BLOCK_SIZE = 3;

    static final int SEND_READ_ONLY = 1 << 1;
    static final int SEND_FLUSH = 1 << 2;
    static final int SEND_TRIM = 1 << 5;

    static final int CMD_READ = 0;
    static final int CMD_WRITE = 1;
    static final int CMD_DISCONNECT = 2;
    static final int CMD_FLUSH = 3;
    static final int CMD_TRIM = 4;

    /** magic, flags, type, cookie, offset, length. */
    static final int REQUEST_BYTES = 28;

    /** magic, error, cookie. */
    static final int REPLY_BYTES = 16;

    /** An error: the server is going away, and has not done the request. */
    static final int ERROR_SHUTDOWN = 108;

    private NbdProtocol() {}
}
