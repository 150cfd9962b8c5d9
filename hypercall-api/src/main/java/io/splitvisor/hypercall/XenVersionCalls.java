// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.hypercall;

import io.splitvisor.abi.XenCompileInfo;
import io.splitvisor.abi.XenFeatureInfo;
import io.splitvisor.abi.XenVersion;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.UUID;

/** {@code xen_version} in a batch. Each method adds a call and answers its index. */
public final class XenVersionCalls {
    private final HypercallBatch batch;

    XenVersionCalls(HypercallBatch batch) {
        this.batch = batch;
    }

    /** {@code XENVER_version}: the result is major shifted left by 16, plus minor. */
    public int version() {
        return batch.add(HypercallOp.XENVER_VERSION, 0, 0, 0);
    }

    /** {@code XENVER_pagesize}: the result is the bytes of a page. */
    public int pageSize() {
        return batch.add(HypercallOp.XENVER_PAGESIZE, 0, 0, 0);
    }

    /** {@code XENVER_extraversion}: {@link #text} with {@link XenVersion#EXTRAVERSION_LEN} has the answer. */
    public int extraVersion() {
        batch.nextArgument();
        return batch.addWithArgument(HypercallOp.XENVER_EXTRAVERSION);
    }

    /** {@code XENVER_changeset}: {@link #text} with {@link XenVersion#CHANGESET_INFO_LEN} has the answer. */
    public int changeset() {
        batch.nextArgument();
        return batch.addWithArgument(HypercallOp.XENVER_CHANGESET);
    }

    /** The text that a completed call wrote beside its entry. */
    public String text(int index, int length) {
        return textAt(batch.answer(index), length);
    }

    /**
     * {@code XENVER_capabilities}: {@link #textAt} has the answer.
     *
     * @param buffer guest-physical address of {@link XenVersion#CAPABILITIES_INFO_LEN} bytes
     */
    public int capabilities(long buffer) {
        return batch.add(HypercallOp.XENVER_CAPABILITIES, buffer, 0, 0);
    }

    /** {@code XENVER_commandline}, as {@link #capabilities}: 1024 bytes. */
    public int commandLine(long buffer) {
        return batch.add(HypercallOp.XENVER_COMMANDLINE, buffer, 0, 0);
    }

    /** {@code XENVER_compile_info}: a buffer of {@link XenCompileInfo#SIZE} bytes. */
    public int compileInfo(long buffer) {
        return batch.add(HypercallOp.XENVER_COMPILE_INFO, buffer, 0, 0);
    }

    /** NUL-terminated text in guest memory. */
    public String textAt(long buffer, int length) {
        byte[] bytes = batch.memory().asSlice(buffer, length).toArray(ValueLayout.JAVA_BYTE);
        int end = 0;
        while (end < length && bytes[end] != 0) {
            end++;
        }
        return new String(bytes, 0, end, StandardCharsets.US_ASCII);
    }

    /** {@code XENVER_platform_parameters}: the address at which Xen's own begin is the first word of the answer. */
    public int platformParameters() {
        batch.nextArgument();
        return batch.addWithArgument(HypercallOp.XENVER_PLATFORM_PARAMETERS);
    }

    /** What a completed {@link #platformParameters} tells. */
    public long virtStart(int index) {
        return batch.memory().get(ValueLayout.JAVA_LONG, batch.answer(index));
    }

    /** {@code XENVER_get_features}: {@link #features(int, int)} has the answer. */
    public int getFeatures(int submap) {
        XenFeatureInfo.submapIdx(batch.memory(), batch.nextArgument(), submap);
        return batch.addWithArgument(HypercallOp.XENVER_GET_FEATURES);
    }

    /** Whether a completed {@link #getFeatures} of submap 0 has a {@link io.splitvisor.abi.XenFeature}. */
    public boolean features(int index, int feature) {
        return (XenFeatureInfo.submap(batch.memory(), batch.answer(index)) & 1 << feature) != 0;
    }

    /** {@code XENVER_guest_handle}: {@link #handle} has the answer. */
    public int guestHandle() {
        batch.nextArgument();
        return batch.addWithArgument(HypercallOp.XENVER_GUEST_HANDLE);
    }

    /** The domain's UUID that a completed {@link #guestHandle} tells. */
    public UUID handle(int index) {
        return DomainHandle.get(batch.memory(), batch.answer(index));
    }

    /** {@code XENVER_build_id}: the result is its length; refused to guests. */
    public int buildId() {
        return batch.add(HypercallOp.XENVER_BUILD_ID, 0, 0, 0);
    }
}
