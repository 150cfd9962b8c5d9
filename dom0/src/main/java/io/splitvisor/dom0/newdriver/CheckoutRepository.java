// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.newdriver;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A Maven repository in a folder, with the modules that a driver is written and tested against, as the checkout has built them.
 * A project that names the folder as a repository needs no {@code mvn install} and no settings.
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
        copy(checkout.resolve("pom.xml"), "splitvisor", ".pom");
        for (String module : MODULES) {
            Path jar = checkout.resolve(module).resolve("target").resolve(module + "-" + version + ".jar");
            if (!Files.exists(jar)) {
                throw new IllegalArgumentException(jar + " is missing; './splitvisor help' builds it");
            }
            copy(jar, module, ".jar");
            copy(checkout.resolve(module).resolve("pom.xml"), module, ".pom");
        }
    }

    private void copy(Path from, String artifact, String extension) {
        Path to = folder.resolve("io/splitvisor")
                .resolve(artifact)
                .resolve(version)
                .resolve(artifact + "-" + version + extension);
        try {
            Files.createDirectories(to.getParent());
            // Renamed into place: somebody's Maven may be reading the old one.
            Path fresh = Files.createTempFile(to.getParent(), artifact, ".new");
            Files.copy(from, fresh, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.COPY_ATTRIBUTES);
            Files.move(fresh, to, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
