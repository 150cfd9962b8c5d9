// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.config;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * A disk of a domain, as xl's {@code disk} key describes it.
 *
 * @param target an absolute path, an NBD URI ({@code nbd://host:port/export}, {@code nbd+unix:///export?socket=path}), or
 *     empty for a CD drive without a disc
 * @param format the image's format
 * @param vdev the guest's name for it ({@code xvda}), one that {@link VirtualDevice} knows
 * @param writable whether the guest may write
 * @param cdrom whether it is a CD drive
 * @param backend the domain that serves it: a name or a domid; Dom0 where empty
 * @param backendType which kind of back end was asked for, empty for any
 * @param script a hot-plug script, empty for none
 * @param directIoSafe whether the target may be read past the page cache
 * @param discard whether the guest may discard; empty: if the target can
 * @param trusted whether the back end trusts, and is trusted; empty: the default
 * @param specification {@code xen} or {@code virtio}
 * @param grantUsage whether grants are used; empty: the default
 */
public record DiskConfig(
        String target,
        Format format,
        String vdev,
        boolean writable,
        boolean cdrom,
        Optional<String> backend,
        Optional<BackendType> backendType,
        Optional<String> script,
        boolean directIoSafe,
        Optional<Boolean> discard,
        Optional<Boolean> trusted,
        Specification specification,
        Optional<Boolean> grantUsage) {

    /** Image formats that xl names. */
    public enum Format {
        /** The image is the disk. */
        RAW,
        /** QEMU's first copy-on-write format. */
        QCOW,
        /** QEMU's copy-on-write format. */
        QCOW2,
        /** Microsoft's format. */
        VHD,
        /** QEMU enhanced disk. */
        QED,
        /** No disc in the drive. */
        EMPTY
    }

    /** Kinds of back ends that xl names. */
    public enum BackendType {
        /** A block device in the kernel. */
        PHY,
        /** QEMU. */
        QDISK,
        /** Blktap. */
        TAP,
        /** A program of its own. */
        STANDALONE
    }

    /** Which front end the guest has. */
    public enum Specification {
        /** Xen's blkif. */
        XEN,
        /** virtio-blk. */
        VIRTIO
    }

    /** Checks that the vdev has a number and that a CD drive is read-only. */
    public DiskConfig {
        Objects.requireNonNull(target, "target");
        Objects.requireNonNull(format, "format");
        Objects.requireNonNull(specification, "specification");
        if (VirtualDevice.number(vdev).isEmpty()) {
            throw new IllegalArgumentException("'" + Lexer.printable(vdev)
                    + "' is no virtual device; expected xvda, xvda1, hda, sda, d0p1 or a number");
        }
        if (cdrom && writable) {
            throw new IllegalArgumentException("a CD drive cannot be writable");
        }
        if (target.isEmpty() && !cdrom) {
            throw new IllegalArgumentException("no target specified (and device not removable)");
        }
    }

    /** The number in xenstore's paths: 51712 for {@code xvda}. */
    public int devid() {
        return VirtualDevice.number(vdev).orElseThrow();
    }

    /** Whether the target is served by an NBD server, not by a file or device. */
    public boolean isNbd() {
        return target.startsWith("nbd:") || target.startsWith("nbd+unix:") || target.startsWith("nbds:");
    }

    /** The same disk with another image, in raw format. */
    public DiskConfig withTarget(String other) {
        return new DiskConfig(
                other,
                Format.RAW,
                vdev,
                writable,
                cdrom,
                backend,
                backendType,
                script,
                directIoSafe,
                discard,
                trusted,
                specification,
                grantUsage);
    }

    /**
     * Reads a disk specification, positional and key=value forms alike.
     *
     * @param parts the specification; several, as {@code block-attach} takes them, count as one
     * @param folder what a relative target is relative to
     * @throws IllegalArgumentException with what is wrong
     */
    public static DiskConfig parse(List<String> parts, Path folder) {
        return new DiskSpec(folder).parse(parts);
    }
}
