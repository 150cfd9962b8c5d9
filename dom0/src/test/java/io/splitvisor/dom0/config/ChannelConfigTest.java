// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ChannelConfigTest {
    private static final Path FOLDER = Path.of("/cfg");

    @Test
    void shouldReadXlsChannels() {
        DomainConfig config = parsed("""
                name = "web"
                kernel = "guest.jar"
                jvm_main = "Main"
                channel = [ "connection=pty, name=org.example.agent.1", "backend=0,connection=socket,path=run/a b.sock,name=b" ]
                """);
        assertThat(config.channels())
                .containsExactly(
                        new ChannelConfig("org.example.agent.1", new ChannelConfig.Pty()),
                        new ChannelConfig("b", new ChannelConfig.Socket(Path.of("/cfg/run/a b.sock"))));
        assertThat(config.toBuilder().build().channels()).isEqualTo(config.channels());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "connection=pty | no name; expected name=...,connection=pty or connection=socket,path=...",
                "name=,connection=pty | '' is no channel's name; expected 1 to 128 characters of ASCII",
                "name=a | connection ''; expected pty or socket",
                "name=a,connection=tcp | connection 'tcp'; expected pty or socket",
                "name=a,connection=socket | connection=socket wants path=...",
                "name=a,connection=pty,path=/x | path is for connection=socket",
                "name=a,conection=pty | unknown channel parameter 'conection=pty'; did you mean connection?",
                "name=a,connection=pty,backend=driver | backend 'driver'; only Domain-0 serves channels",
                "name=a,name=b,connection=pty | name is given twice",
                "pty | unknown channel parameter 'pty'"
            })
    void shouldSayWhatIsWrong(String spec, String message) {
        assertThat(catchThrowableOfType(IllegalArgumentException.class, () -> ChannelConfig.parse(spec, FOLDER)))
                .hasMessageStartingWith(message);
    }

    @Test
    void shouldRefuseOneNameTwice() {
        ConfigException thrown = catchThrowableOfType(ConfigException.class, () -> parsed("""
                name = "web"
                kernel = "guest.jar"
                jvm_main = "Main"
                channel = [ "name=a,connection=pty", "name=a,connection=pty" ]
                """));
        assertThat(thrown.problems()).extracting(Problem::message).containsExactly("a is the name of one before it");
    }

    private static DomainConfig parsed(String text) {
        return new ConfigSource("test.cfg", text, FOLDER, List.of(), FOLDER)
                .parse()
                .config();
    }
}
