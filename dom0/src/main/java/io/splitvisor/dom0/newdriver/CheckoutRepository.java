// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.newdriver;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A Maven repository in a folder, with the modules that a driver is written and tested against, as the checkout has built them.
 * A project that names the folder as a repository needs no {@code mvn install} and no settings.
 *
 * <p>Maven never asks a second time for a snapshot without a time in its name; it would go on with the copy of the first build, or
 * of another checkout. So each module has a name of its own for each content ({@link SnapshotFolder}).
 */
public final class CheckoutRepository {
    /** What a driver and its tests depend on, directly or not. */
    private static final List<String> MODULES =
            List.of("ring-buffer", "hypercall-api", "monitor", "vcpu", "dom0", "domU", "driver-testkit");

    private static final Pattern VERSION =
            Pattern.compile("<artifactId>splitvisor</artifactId>\\s*<version>([^<]+)</version>");

    private final Path checkout;
    private final Path folder;
    private final String version;

    /** @param checkout the folder with the root pom.xml, whose modules were packaged */
    public CheckoutRepository(Path checkout) {
        this.checkout = checkout;
        this.folder = checkout.resolve("target").resolve("repository");
        try {
            Matcher matcher = VERSION.matcher(Files.readString(checkout.resolve("pom.xml")));
            if (!matcher.find()) {
                throw new IllegalArgumentException("no version in " + checkout.resolve("pom.xml"));
            }
            this.version = matcher.group(1);
        } catch (NoSuchFileException e) {
            throw new IllegalArgumentException(checkout + " is no checkout of Splitvisor", e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Brings the repository up to date, when Splitvisor was built again: {@code CheckoutRepository CHECKOUT}. */
    public static void main(String[] args) {
        new CheckoutRepository(Path.of(args[0])).fill();
    }

    /** Where it is. */
    public Path folder() {
        return folder;
    }

    /** The version of everything in it. */
    public String version() {
        return version;
    }

    /**
     * Copies what the modules' builds have left.
     *
     * @throws IllegalArgumentException if a module was not packaged
     */
    public void fill() {
        put("splitvisor", Map.of("pom", checkout.resolve("pom.xml")));
        for (String module : MODULES) {
            Path jar = checkout.resolve(module).resolve("target").resolve(module + "-" + version + ".jar");
            if (!Files.exists(jar)) {
                throw new IllegalArgumentException(jar + " is missing; './splitvisor help' builds it");
            }
            put(module, Map.of("jar", jar, "pom", checkout.resolve(module).resolve("pom.xml")));
        }
    }

    private void put(String artifact, Map<String, Path> files) {
        try {
            new SnapshotFolder(folder, artifact, version).put(files, Instant.now());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
