// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.host;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/**
 * Takes rights away from the calling thread, for good, and from every process that it starts from then on: both belong to a
 * thread, and a process inherits them from the one that forks. So a process can be confined before its first instruction by
 * starting it from a thread made for that.
 */
public final class Confinement {
    private static final MethodHandle PRCTL = Native.linkWords("prctl");
    private static final MethodHandle SYSCALL = Native.linkWords("syscall");
    private static final MethodHandle OPEN = Native.linkWords("open");

    private static final long PR_SET_NO_NEW_PRIVS = 38;

    // Numbers from 424 on are the same on all architectures.
    private static final long LANDLOCK_CREATE_RULESET = 444;
    private static final long LANDLOCK_ADD_RULE = 445;
    private static final long LANDLOCK_RESTRICT_SELF = 446;
    private static final long LANDLOCK_CREATE_RULESET_VERSION = 1;
    private static final long LANDLOCK_RULE_PATH_BENEATH = 1;

    /** LANDLOCK_ACCESS_FS_WRITE_FILE. */
    private static final long WRITE_FILE = 1 << 1;

    /** REMOVE_DIR, REMOVE_FILE and MAKE_CHAR to MAKE_SYM: bits 4 to 12. */
    private static final long CHANGE_FOLDERS = 0x1ff0;

    /** REFER, since version 2. */
    private static final long REFER = 1 << 13;

    /** TRUNCATE, since version 3. */
    private static final long TRUNCATE = 1 << 14;

    /** Abstract Unix sockets and signals, since version 6. */
    private static final long ALL_SCOPES = 3;

    private static final int SCOPES_VERSION = 6;
    private static final long O_PATH_CLOEXEC = 0x200000 | 0x80000;

    private Confinement() {}

    /** The version of Landlock's interface that this kernel has; 0 if it has none, or if it is switched off. */
    public static int landlockVersion() {
        return (int) Math.max(0, call(SYSCALL, LANDLOCK_CREATE_RULESET, 0, 0, LANDLOCK_CREATE_RULESET_VERSION));
    }

    /** Whether processes can be kept from signalling others. */
    public static boolean scopesSignals() {
        return landlockVersion() >= SCOPES_VERSION;
    }

    /** No program that is executed from here on gets more rights than its caller has: set-user-ID has no effect. */
    public static void noNewPrivileges() {
        require("prctl(PR_SET_NO_NEW_PRIVS)", call(PRCTL, PR_SET_NO_NEW_PRIVS, 1, 0, 0));
    }

    /**
     * Landlock, as far as the kernel has it: files are written, made and removed below one folder only (and {@code /dev/null}
     * is written to); processes that are not confined together with this one, that is all but its descendants, cannot be
     * signalled or traced, nor reached by an abstract Unix socket. Needs {@link #noNewPrivileges} before.
     *
     * @return whether the kernel has it
     * @throws HostException if the kernel has it and does not do it
     */
    public static boolean landlock(Path writable) {
        int version = landlockVersion();
        if (version == 0) {
            return false;
        }
        long writes = WRITE_FILE | CHANGE_FOLDERS | (version >= 2 ? REFER : 0) | (version >= 3 ? TRUNCATE : 0);
        try (Arena scratch = Arena.ofConfined()) {
            // struct landlock_ruleset_attr: handled_access_fs, handled_access_net, scoped; older kernels know its
            // beginning.
            MemorySegment attributes = scratch.allocate(ValueLayout.JAVA_LONG, 3);
            attributes.setAtIndex(ValueLayout.JAVA_LONG, 0, writes);
            attributes.setAtIndex(ValueLayout.JAVA_LONG, 2, version >= SCOPES_VERSION ? ALL_SCOPES : 0);
            long size = version >= SCOPES_VERSION ? attributes.byteSize() : Long.BYTES;
            int rules = (int) require(
                    "landlock_create_ruleset", call(SYSCALL, LANDLOCK_CREATE_RULESET, attributes.address(), size, 0));
            try {
                allow(scratch, rules, writable, writes);
                allow(scratch, rules, Path.of("/dev/null"), WRITE_FILE);
                require("landlock_restrict_self", call(SYSCALL, LANDLOCK_RESTRICT_SELF, rules, 0, 0));
            } finally {
                Descriptors.close(rules);
            }
        }
        return true;
    }

    private static void allow(Arena scratch, int rules, Path beneath, long access) {
        MemorySegment name = scratch.allocateFrom(beneath.toString());
        int fd = (int) require("open " + beneath, call(OPEN, name.address(), O_PATH_CLOEXEC, 0, 0));
        try {
            // struct landlock_path_beneath_attr: allowed_access, parent_fd; packed.
            MemorySegment rule = scratch.allocate(ValueLayout.JAVA_LONG, 2);
            rule.set(ValueLayout.JAVA_LONG, 0, access);
            rule.set(ValueLayout.JAVA_INT, Long.BYTES, fd);
            long answer = call(SYSCALL, LANDLOCK_ADD_RULE, rules, LANDLOCK_RULE_PATH_BENEATH, rule.address());
            require("landlock_add_rule " + beneath, answer);
        } finally {
            Descriptors.close(fd);
        }
    }

    /** The result, or a negative errno; a fifth argument is 0. */
    private static long call(MethodHandle function, long first, long second, long third, long fourth) {
        MemorySegment state = Native.state();
        int result = Native.callInt(function, state, first, second, third, fourth);
        return result < 0 ? -Native.errno(state) : result;
    }

    private static long require(String what, long result) {
        if (result < 0) {
            throw new HostException(what, (int) -result);
        }
        return result;
    }
}
