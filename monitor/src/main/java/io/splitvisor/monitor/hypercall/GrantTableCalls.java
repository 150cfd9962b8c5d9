// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import io.splitvisor.abi.DomId;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.grant.GnttabGetVersion;
import io.splitvisor.abi.grant.GnttabQuerySize;
import io.splitvisor.abi.grant.GnttabSetupTable;
import io.splitvisor.abi.grant.GrantStatus;
import io.splitvisor.abi.grant.GrantTableOp;
import io.splitvisor.monitor.Domain;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * {@code grant_table_op(cmd, uop, count)}: what a front end asks about its own table. Each element carries its own status;
 * the call's result is 0, or an error that concerns the array.
 */
final class GrantTableCalls implements HypercallTable.Operation {
    /** More elements than this are not asked for by anybody sane: all of these operations concern one table. */
    private static final long MAX_COUNT = 32;

    private static final int VERSION = 1;

    @Override
    public long call(Domain caller, long[] arguments) {
        long command = arguments[0];
        long at = arguments[1];
        // An unsigned int in the ABI.
        long count = arguments[2] & 0xffff_ffffL;
        int size = elementSize(command);
        if (size < 0) {
            return -XenErrno.ENOSYS;
        }
        if (count > MAX_COUNT) {
            return -XenErrno.EINVAL;
        }
        if (!caller.memory().isAccessible(at, count * size)) {
            return -XenErrno.EFAULT;
        }
        MemorySegment memory = caller.memory().segment();
        for (long i = 0; i < count; i++) {
            long element = at + i * size;
            switch ((int) command) {
                case GrantTableOp.SETUP_TABLE ->
                    GnttabSetupTable.status(memory, element, setupTable(caller, memory, element));
                case GrantTableOp.QUERY_SIZE ->
                    GnttabQuerySize.status(memory, element, querySize(caller, memory, element));
                default -> {
                    if (!isSelf(caller, GnttabGetVersion.dom(memory, element))) {
                        return -XenErrno.EPERM;
                    }
                    GnttabGetVersion.version(memory, element, VERSION);
                }
            }
        }
        return 0;
    }

    private static int elementSize(long command) {
        if (command < 0 || command > GrantTableOp.CACHE_FLUSH) {
            return -1;
        }
        return switch ((int) command) {
            case GrantTableOp.SETUP_TABLE -> GnttabSetupTable.SIZE;
            case GrantTableOp.QUERY_SIZE -> GnttabQuerySize.SIZE;
            case GrantTableOp.GET_VERSION -> GnttabGetVersion.SIZE;
            default -> -1;
        };
    }

    private static boolean isSelf(Domain caller, int domid) {
        return domid == DomId.SELF || domid == caller.domid();
    }

    /** The table has its full size from the start; this tells where it lies. */
    private static int setupTable(Domain caller, MemorySegment memory, long element) {
        if (!isSelf(caller, GnttabSetupTable.dom(memory, element))) {
            return GrantStatus.PERMISSION_DENIED;
        }
        long frames = Integer.toUnsignedLong(GnttabSetupTable.nrFrames(memory, element));
        long list = GnttabSetupTable.frameList(memory, element);
        if (frames > caller.grants().frames() || !caller.memory().isAccessible(list, frames * Long.BYTES)) {
            return GrantStatus.GENERAL_ERROR;
        }
        int first = caller.memory().layout().grantTable();
        for (int i = 0; i < frames; i++) {
            memory.set(ValueLayout.JAVA_LONG_UNALIGNED, list + (long) i * Long.BYTES, first + i);
        }
        return GrantStatus.OKAY;
    }

    private static int querySize(Domain caller, MemorySegment memory, long element) {
        if (!isSelf(caller, GnttabQuerySize.dom(memory, element))) {
            return GrantStatus.PERMISSION_DENIED;
        }
        GnttabQuerySize.nrFrames(memory, element, caller.grants().frames());
        GnttabQuerySize.maxNrFrames(memory, element, caller.grants().frames());
        return GrantStatus.OKAY;
    }
}
