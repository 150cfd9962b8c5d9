// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.xenstore;

/** Numbers of xs_wire.h: limits, and the layout of {@code struct xenstore_domain_interface}. */
public final class XsWire {
    /** Bytes of {@code struct xsd_sockmsg}: type, req_id, tx_id, len. */
    public static final int HEADER_SIZE = 16;

    /** {@code XENSTORE_PAYLOAD_MAX}: bytes that may follow a header, either way. */
    public static final int PAYLOAD_MAX = 4096;

    /** {@code XENSTORE_ABS_PATH_MAX}. */
    public static final int ABS_PATH_MAX = 3072;

    /** {@code XENSTORE_REL_PATH_MAX}: a path below {@code /local/domain/N/}. */
    public static final int REL_PATH_MAX = 2048;

    /** {@code XENSTORE_RING_SIZE}: bytes of each of the two rings. */
    public static final int RING_SIZE = 1024;

    /** Offsets in the interface page: requests to xenstored. */
    public static final int REQ = 0;
    /** Replies and watch events. */
    public static final int RSP = 1024;
    /** Consumer's index of the requests. */
    public static final int REQ_CONS = 2048;
    /** Producer's index of the requests. */
    public static final int REQ_PROD = 2052;
    /** Consumer's index of the replies. */
    public static final int RSP_CONS = 2056;
    /** Producer's index of the replies. */
    public static final int RSP_PROD = 2060;
    /** Bit map of what the server can do. */
    public static final int SERVER_FEATURES = 2064;
    /** {@link #CONNECTED} or {@link #RECONNECT}. */
    public static final int CONNECTION = 2068;
    /** Why the server gave the connection up. */
    public static final int ERROR = 2072;
    /** The port to signal, where Xen filled it in. */
    public static final int EVTCHN_PORT = 2076;

    /** The guest may ask for a fresh ring. */
    public static final int FEATURE_RECONNECTION = 1;
    /** {@link #ERROR} is in use. */
    public static final int FEATURE_ERROR = 2;
    /** WATCH takes a depth. */
    public static final int FEATURE_WATCHDEPTH = 4;
    /** Permissions may name {@link #DOMID_ANY}. */
    public static final int FEATURE_DOMID_ANY = 8;

    /** The steady state. */
    public static final int CONNECTED = 0;
    /** Set by the guest, taken back by the server. */
    public static final int RECONNECT = 1;

    /** No error. */
    public static final int ERROR_NONE = 0;
    /** The event channel does not work. */
    public static final int ERROR_COMM = 1;
    /** Impossible ring indices. */
    public static final int ERROR_RINGIDX = 2;
    /** A message longer than {@link #PAYLOAD_MAX}. */
    public static final int ERROR_PROTO = 3;

    /** {@code DOMID_FIRST_RESERVED}: domain ids are below this. */
    public static final int DOMID_FIRST_RESERVED = 0x7ff0;
    /** {@code DOMID_SELF}. */
    public static final int DOMID_SELF = 0x7ff0;
    /** {@code DOMID_ANY}: every domain, in a permission. */
    public static final int DOMID_ANY = 0x7ff5;

    private XsWire() {}
}
