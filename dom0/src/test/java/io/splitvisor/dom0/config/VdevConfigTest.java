// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VdevConfigTest {
    @Test
    void shouldReadTypeNumberAndSettings() {
        var expected = new VdevConfig("vecho", OptionalInt.of(3), Map.of("size", "4", "path", "/a=b"));
        assertThat(VdevConfig.parse("vecho, devid=0x3, size=4, path=/a=b")).isEqualTo(expected);
        assertThat(VdevConfig.parse("size=4,type=vecho,path=/a=b,devid=3")).isEqualTo(expected);
        assertThat(VdevConfig.parse(List.of("vecho", "list=a,b")).settings()).containsEntry("list", "a,b");
        assertThat(VdevConfig.parse("vecho").devid()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "size=4|no type; expected TYPE,key=value or type=TYPE,key=value",
                "Vecho|'Vecho' is no device type",
                "a/b|'a/b' is no device type",
                "vecho,size|'size'; expected key=value",
                "vecho,|''; expected key=value",
                "vecho,a/b=1|'a/b=1'; expected key=value",
                "vecho,size=1,size=2|size is given twice",
                "vecho,devid=x|devid 'x' is no number",
                "vecho,devid=0x7fffffff|devid 2147483647; expected 0 to 268435455",
            })
    void shouldSayWhatIsWrong(String spec, String message) {
        assertThat(catchThrowableOfType(IllegalArgumentException.class, () -> VdevConfig.parse(spec)))
                .hasMessage(message);
    }

    @Test
    void shouldReadDevicesAndDriversOfAGuest() {
        DomainConfig config = parsed("""
                name = "web"
                kernel = "guest.jar"
                jvm_main = "Main"
                vdev = [ "vecho,size=4", "type=vrng" ]
                drivers = [ "vecho.jar", "/opt/vrng" ]
                """);
        assertThat(config.vdevs()).extracting(VdevConfig::type).containsExactly("vecho", "vrng");
        assertThat(config.drivers()).extracting(Object::toString).containsExactly("/cfg/vecho.jar", "/opt/vrng");
    }

    @Test
    void shouldRefuseOneDeviceTwiceAndDriversOfAProgram() {
        ConfigException thrown = catchThrowableOfType(ConfigException.class, () -> parsed("""
                name = "web"
                type = "exec"
                kernel = "guest"
                vdev = [ "vecho,devid=1", "vecho,devid=1" ]
                drivers = [ "vecho.jar" ]
                """));
        assertThat(thrown.problems())
                .extracting(Problem::message)
                .containsExactlyInAnyOrder("vecho 1 is the same device as one before it", "only for type = \"jvm\"");
    }

    private static DomainConfig parsed(String text) {
        return new ConfigSource("test.cfg", text, Path.of("/cfg"), List.of(), Path.of("/cfg"))
                .parse()
                .config();
    }
}
