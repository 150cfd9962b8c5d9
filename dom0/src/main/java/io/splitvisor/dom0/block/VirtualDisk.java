// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.block;

/**
 * A virtual disk as it is at one moment: {@code block-list}'s columns, and its counters.
 *
 * @param devid the number in xenstore's paths
 * @param backendDomid the domain that serves it
 * @param frontendDomid the domain that has it
 * @param state the front end's XenbusState; -1 where it has none
 * @param eventChannel the front end's event channel; -1 where it names none, or one for each queue
 * @param ringRef the front end's ring reference; -1 as above
 * @param backendPath the back end's folder in xenstore
 * @param name the guest's name for it
 * @param target the store's name
 * @param statistics since the front end connected
 */
public record VirtualDisk(
        int devid,
        int backendDomid,
        int frontendDomid,
        int state,
        int eventChannel,
        int ringRef,
        String backendPath,
        String name,
        String target,
        BlockStatistics statistics) {}
