// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.splitvisor.dom0.config.VifConfig.Rate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VifConfigTest {
    @Test
    void shouldTakeAnEmptySpecification() {
        VifConfig vif = VifConfig.parse("");
        assertThat(vif.mac()).isEmpty();
        assertThat(vif.bridge()).isEmpty();
        assertThat(vif.devid()).isEmpty();
    }

    @Test
    void shouldReadEveryKey() {
        VifConfig vif = VifConfig.parse(
                "mac=00:16:3E:1:02:03, bridge=br0, netdev=eth1, type=vif, model=e1000, vifname=v,"
                        + " script=s, ip=10.0.0.1 10.0.0.2, backend=net, devid=3, mtu=9000, vlan=10p/100+10x4, untrusted, rate=1MB/s");
        assertThat(vif.mac()).contains("00:16:3e:01:02:03");
        assertThat(vif.bridge()).contains("br0");
        assertThat(vif.gatewaydev()).contains("eth1");
        assertThat(vif.type()).contains("vif");
        assertThat(vif.model()).contains("e1000");
        assertThat(vif.vifname()).contains("v");
        assertThat(vif.script()).contains("s");
        assertThat(vif.ip()).contains("10.0.0.1 10.0.0.2");
        assertThat(vif.backend()).contains("net");
        assertThat(vif.devid()).hasValue(3);
        assertThat(vif.mtu()).hasValue(9000);
        assertThat(vif.vlan()).contains("10p/100+10x4");
        assertThat(vif.trusted()).contains(false);
        assertThat(vif.rate()).contains(new Rate(50_000, 50_000));
    }

    @ParameterizedTest
    @CsvSource({
        "10Mb/s, 62500, 50000",
        "250KB/s, 12500, 50000",
        "1MB/s@20ms, 20000, 20000",
        "10Gb/s, 62500000, 50000",
        "1GB/s, 50000000, 50000",
        "100B/s@1s, 100, 1000000",
        "8000b/s@1s, 1000, 1000000",
        "1MB/s@500u, 500, 500",
        "100B/s@2, 200, 2000000"
    })
    void shouldReadRatesAsXlDoes(String rate, long bytes, long micros) {
        assertThat(VifConfig.parse("rate=" + rate).rate()).contains(new Rate(bytes, micros));
    }

    @ParameterizedTest
    @CsvSource({
        "mac=00:16:3e, is no MAC address",
        "mac=00:16:3e:00:00:zz, is no MAC address",
        "brigde=br0, did you mean bridge?",
        "foo, unrecognized argument 'foo'",
        "type=pcnet, expected vif or ioemu",
        "rate=10, invalid rate",
        "rate=10Mb, invalid rate",
        "rate=10Mb/s@, invalid rate",
        "rate=4294967296B/s, too large",
        "rate=1GB/s@5000s, too large",
        "rate=0B/s, a rate of nothing",
        "mtu=x, expected a number from 0 to 65535",
        "devid=65536, expected a number from 0 to 65535"
    })
    void shouldSayWhatIsWrong(String spec, String message) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> VifConfig.parse(spec))
                .withMessageContaining(message);
    }
}
