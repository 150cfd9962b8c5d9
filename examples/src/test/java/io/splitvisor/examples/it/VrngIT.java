// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.splitvisor.dom0.config.ClassOrigin;
import io.splitvisor.dom0.config.DomainConfig;
import io.splitvisor.dom0.config.VdevConfig;
import io.splitvisor.examples.vrng.VrngBackend;
import io.splitvisor.examples.vrng.VrngGuest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The entropy device in a real Dom0, with its front end in Java and the one in C. */
class VrngIT {
    @TempDir
    private Path folder;

    private Dom0Fixture dom0;

    @BeforeEach
    void start() {
        dom0 = new Dom0Fixture(List.of(ClassOrigin.of(VrngBackend.class)));
    }

    @AfterEach
    void stop() {
        dom0.close();
    }

    private Dom0Fixture.Output run(DomainConfig config, String device) {
        int domid = dom0.create(
                config.toBuilder().vdevs(List.of(VdevConfig.parse(device))).build());
        return dom0.console(domid);
    }

    private static double number(Pattern pattern, String text) {
        Matcher matcher = pattern.matcher(text);
        assertThat(matcher.find()).as(text).isTrue();
        return Double.parseDouble(matcher.group(1));
    }

    @Test
    void shouldGiveAGuestWhatItMayHave() {
        DomainConfig config = Dom0Fixture.jvm("limited", VrngGuest.class, List.of(), "3", "4096", "1");
        Dom0Fixture.Output console = run(config, "type=vrng,rate=1048576");
        console.awaitText("microseconds");
        // A second's worth had been saved up.
        assertThat(number(Pattern.compile("([0-9.]+) MB/s"), console.text())).isBetween(1.0, 1.6);
    }

    @Test
    void shouldServeTheFrontEndInC() throws IOException, InterruptedException {
        Path program = compile();
        DomainConfig config = Dom0Fixture.exec("native", program, List.of(), "1000000");
        Dom0Fixture.Output console = run(config, "type=vrng,rate=1073741824");
        console.awaitText("sha256");
        assertThat(console.text()).contains("1000000 bytes");
        assertThat(number(Pattern.compile("([0-9.]+) of the bits"), console.text()))
                .isBetween(0.499, 0.501);
    }

    private Path compile() throws IOException, InterruptedException {
        Path program = folder.resolve("vrng-guest");
        boolean there = false;
        try {
            there = new ProcessBuilder("cc", "--version")
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            // There is no such program.
        }
        assumeTrue(there, "needs a C compiler (cc)");
        Process compiler = new ProcessBuilder("sh", "vrng/native/build", program.toString())
                .redirectErrorStream(true)
                .start();
        String output = new String(compiler.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(compiler.waitFor()).as(output).isZero();
        return program;
    }
}
