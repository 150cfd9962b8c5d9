// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.newdriver;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The project of a new driver. Its sources are those of the example driver vecho, under another name: what the build compiles
 * and tests is what a user gets.
 */
public final class NewDriver {
    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9]{1,30}");

    /** A package cannot be called like this, and a name that C keeps for itself makes no header. */
    private static final Set<String> TAKEN = Set.of(
            ("abstract assert boolean break byte case catch char class console const continue default double else enum extends "
                            + "false final finally float for goto if implements import instanceof int interface java long "
                            + "native new null package private protected public return short static strictfp super switch "
                            + "synchronized this throw throws transient true try vbd vecho vif void volatile while")
                    .split(" "));

    private static final String EXAMPLE = "io/splitvisor/examples/vecho";

    private final Path checkout;
    private final String name;
    private final List<Path> written = new ArrayList<>();

    /**
     * @param checkout the folder of Splitvisor's sources
     * @param name the device type, which also names the package and, with a capital letter, the classes
     * @throws IllegalArgumentException if it cannot be such a name, or there are no sources
     */
    public NewDriver(Path checkout, String name) {
        if (!NAME.matcher(name).matches() || TAKEN.contains(name)) {
            throw new IllegalArgumentException(
                    "'" + name
                            + "' is no name for a driver; expected 2 to 31 small letters and digits, and no word of Java's or Xen's");
        }
        if (!Files.isDirectory(checkout.resolve("examples/src/main/java").resolve(EXAMPLE))) {
            throw new IllegalArgumentException(checkout + " is no checkout of Splitvisor");
        }
        this.checkout = checkout;
        this.name = name;
    }

    /**
     * Writes the project.
     *
     * @param folder does not exist, or is empty
     * @return the files, relative to the folder
     * @throws IllegalArgumentException if the folder is not empty
     */
    public List<Path> write(Path folder) {
        try {
            Files.createDirectories(folder);
            try (Stream<Path> inside = Files.list(folder)) {
                if (inside.findAny().isPresent()) {
                    throw new IllegalArgumentException(folder + " is not empty");
                }
            }
            Path examples = checkout.resolve("examples");
            for (String kind : List.of("main", "test")) {
                sources(examples.resolve("src").resolve(kind).resolve("java").resolve(EXAMPLE), folder, kind);
            }
            put(
                    folder,
                    "src/main/resources/META-INF/services/io.splitvisor.driver.backend.BackendDriver",
                    name + "." + className() + "Backend\n");
            put(folder, "pom.xml", template("pom.xml"));
            // The checkout's repository is no network: "mvn -o" may look there, too, and does not go on with old jars.
            put(folder, ".mvn/maven.config", "-Daether.offline.protocols=file\n");
            put(folder, "README.md", template("README.md"));
            put(folder, name + ".cfg", template("driver.cfg"));
            return List.copyOf(written);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void sources(Path from, Path folder, String kind) throws IOException {
        try (Stream<Path> files = Files.list(from)) {
            for (Path file : files.sorted().toList()) {
                String source = file.getFileName().toString();
                // Tests that need processes of their own are the example's business.
                if (source.equals("package-info.java") || source.endsWith("IT.java")) {
                    continue;
                }
                put(folder, "src/" + kind + "/java/" + name + "/" + renamed(source), renamed(Files.readString(file)));
            }
        }
    }

    private String renamed(String text) {
        return text.replace("// SPDX-License-Identifier: Apache-2.0\n", "")
                .replace(EXAMPLE.replace('/', '.'), name)
                .replace("Vecho", className())
                .replace("vecho", name);
    }

    private String className() {
        return name.substring(0, 1).toUpperCase(Locale.ROOT) + name.substring(1);
    }

    private String template(String file) throws IOException {
        try (InputStream in = NewDriver.class.getResourceAsStream(file)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .replace("@name@", name)
                    .replace("@Name@", className())
                    .replace("@version@", new CheckoutRepository(checkout).version())
                    .replace("@checkout@", checkout.toString());
        }
    }

    private void put(Path folder, String file, String text) throws IOException {
        Path path = folder.resolve(file);
        Files.createDirectories(path.getParent());
        Files.writeString(path, text);
        written.add(Path.of(file));
    }
}
