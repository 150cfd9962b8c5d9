// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.grant.GnttabGetVersion;
import io.splitvisor.abi.grant.GnttabQuerySize;
import io.splitvisor.abi.grant.GnttabSetupTable;
import io.splitvisor.abi.grant.GrantStatus;
import io.splitvisor.hypercall.HypercallOp;
import io.splitvisor.monitor.Domain;
import java.lang.foreign.MemorySegment;

/**
 * {@code grant_table_op(cmd, uop, count)}: what a front end asks about its own table. Each element carries its own status;
 * the call's result is 0, or an error that concerns the array.
 */
final class GrantTableHandlers {
    private static final int VERSION = 1;

    void bind(HypercallTable table) {
        table.bind(HypercallOp.GNTTABOP_SETUP_TABLE, call -> {
            GnttabSetupTable.status(call.argument(), 0, setupTable(call));
            return 0;
        });
        table.bind(HypercallOp.GNTTABOP_QUERY_SIZE, call -> {
            GnttabQuerySize.status(call.argument(), 0, querySize(call));
            return 0;
        });
        table.bind(HypercallOp.GNTTABOP_GET_VERSION, GrantTableHandlers::getVersion);
    }

    /** The table has its full size from the start; this tells where it lies. */
    private static int setupTable(HypercallContext call) {
        MemorySegment argument = call.argument();
        Domain caller = call.caller();
        if (!call.isSelf(GnttabSetupTable.dom(argument, 0))) {
            return GrantStatus.PERMISSION_DENIED;
        }
        long frames = Integer.toUnsignedLong(GnttabSetupTable.nrFrames(argument, 0));
        long list = GnttabSetupTable.frameList(argument, 0);
        if (frames > caller.grants().frames() || !caller.memory().isAccessible(list, frames * Long.BYTES)) {
            return GrantStatus.GENERAL_ERROR;
        }
        int first = caller.memory().layout().grantTable();
        for (int i = 0; i < frames; i++) {
            // The frame at which the guest has the page now.
            long frame = caller.memory().frameOf(first + i);
            if (!caller.memory().putLong(list + (long) i * Long.BYTES, frame)) {
                return GrantStatus.GENERAL_ERROR;
            }
        }
        return GrantStatus.OKAY;
    }

    private static int querySize(HypercallContext call) {
        MemorySegment argument = call.argument();
        if (!call.isSelf(GnttabQuerySize.dom(argument, 0))) {
            return GrantStatus.PERMISSION_DENIED;
        }
        GnttabQuerySize.nrFrames(argument, 0, call.caller().grants().frames());
        GnttabQuerySize.maxNrFrames(argument, 0, call.caller().grants().frames());
        return GrantStatus.OKAY;
    }

    private static long getVersion(HypercallContext call) {
        if (!call.isSelf(GnttabGetVersion.dom(call.argument(), 0))) {
            return -XenErrno.EPERM;
        }
        GnttabGetVersion.version(call.argument(), 0, VERSION);
        return 0;
    }
}
