// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.paging;

/** Paging that can tell which frames the guest changes through its MMUs, for a toolstack that copies its memory. */
public sealed interface LoggedPaging extends Paging permits ShadowPaging, EptPaging {
    /** Starts to log; the log is empty at first. -EINVAL if that is going on already (row T8). */
    int startLog();

    /** Ends that; -EINVAL if there is no log. */
    int stopLog();

    /**
     * The frames that have changed since the log was started, or last taken; bit 0 of the first word is frame 0. Pages that
     * somebody else may write to just now, through a grant or for events, count as changed, and so does what he had until
     * then, and what hypercalls have answered into. Null if there is no log.
     *
     * @param take whether the log is emptied
     */
    long[] readLog(boolean take);

    /** Frames that the log can hold: all that ever had a page. */
    long frames();
}
