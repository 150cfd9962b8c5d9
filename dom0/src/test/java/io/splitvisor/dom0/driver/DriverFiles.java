// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.driver;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.driver.backend.BackendDriver;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.spi.ToolProvider;

/** Compiles drivers and puts them into jars, as a user's build does. */
public final class DriverFiles {
    private final Path folder;

    public DriverFiles(Path folder) {
        this.folder = folder;
    }

    /** The source of a driver that answers whatever it is asked. */
    public static String source(String name, String type, String protocolPrefix) {
        return """
                package toy;
                import io.splitvisor.driver.*;
                import io.splitvisor.driver.backend.*;
                public final class %1$s implements BackendDriver {
                    private static final Struct.Builder REQ = Struct.named("toy_request");
                    public static final Field.U64 ID = REQ.u64("id");
                    private static final Struct.Builder RSP = Struct.named("toy_response");
                    public static final Field.U64 RESPONSE_ID = RSP.u64("id");
                    public static final Field.I32 STATUS = RSP.i32("status");
                    private static final Protocol PROTOCOL = Protocol.of("%2$s").version(2).request(REQ.end())
                        .response(RSP.end()).id(ID, RESPONSE_ID).status(STATUS, 0, -5, -95).build();
                    public Protocol protocol() { %3$s return PROTOCOL; }
                    public BackendDevice open(DeviceConfig config) {
                        if (config.setting("bad", "no").equals("yes")) throw new DeviceException("bad=yes is not good");
                        return Request::complete;
                    }
                }
                """.formatted(name, type, protocolPrefix);
    }

    /** Compiles classes into a folder. */
    public Path compile(Map<String, String> sources) throws IOException {
        Path classes = Files.createTempDirectory(folder, "classes");
        List<String> arguments = new ArrayList<>(
                List.of("-proc:none", "-cp", System.getProperty("java.class.path"), "-d", classes.toString()));
        for (Map.Entry<String, String> source : sources.entrySet()) {
            Path file = Files.createTempDirectory(folder, "source").resolve(source.getKey() + ".java");
            Files.writeString(file, source.getValue());
            arguments.add(file.toString());
        }
        var out = new StringWriter();
        var writer = new PrintWriter(out);
        int code = ToolProvider.findFirst("javac").orElseThrow().run(writer, writer, arguments.toArray(String[]::new));
        assertThat(code).as(out.toString()).isZero();
        return classes;
    }

    /** A jar of classes, with these lines in its services file; without one if there are none. */
    public Path jar(String name, Path classes, String... providers) throws IOException {
        var manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().put(Attributes.Name.IMPLEMENTATION_VERSION, "1.4");
        Path jar = folder.resolve(name);
        try (var out = new JarOutputStream(Files.newOutputStream(jar), manifest);
                var files = Files.walk(classes)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                out.putNextEntry(new JarEntry(classes.relativize(file).toString()));
                Files.copy(file, out);
            }
            if (providers.length > 0) {
                out.putNextEntry(new JarEntry("META-INF/services/" + BackendDriver.class.getName()));
                out.write(String.join("\n", providers).getBytes(UTF_8));
            }
        }
        return jar;
    }

    /** A jar with one driver. */
    public Path driver(String jar, String name, String type) throws IOException {
        return jar(jar, compile(Map.of(name, source(name, type, ""))), "toy." + name);
    }
}
