// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import io.splitvisor.dom0.config.ClassOrigin;
import io.splitvisor.dom0.config.DomainConfig;
import io.splitvisor.dom0.config.VdevConfig;
import io.splitvisor.dom0.toolstack.DeviceInfo;
import io.splitvisor.dom0.toolstack.Devices;
import io.splitvisor.dom0.toolstack.DriverInfo;
import io.splitvisor.dom0.toolstack.ToolstackException;
import io.splitvisor.dom0.toolstack.ToolstackException.Kind;
import io.splitvisor.domu.Guest;
import io.splitvisor.domu.GuestDomain;
import io.splitvisor.examples.vecho.VechoFrontend;
import io.splitvisor.examples.vecho.VechoGuest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A driver from a jar, in a real Dom0, with guests in processes of their own. */
class VechoIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** The folder with the example's classes and its services file: as good as a jar. */
    private static final Path DRIVER = ClassOrigin.of(VechoGuest.class);

    /** Waits for a device, uses it, and again: as often as somebody attaches one. */
    public static final class Patient implements Guest {
        @Override
        public void run(GuestDomain domain) {
            for (int devid = 0; devid < 2; devid++) {
                String node = "device/vecho/" + devid + "/backend";
                while (domain.xenstore().readIfPresent(node) == null) {
                    Thread.onSpinWait();
                }
                try (VechoFrontend vecho = new VechoFrontend(domain.frontends(), devid)) {
                    System.out.println(vecho.echo("device " + devid));
                    int calls = 0;
                    while (domain.xenstore().readIfPresent("device/vecho/" + devid + "/state") != null
                            && calls < 1000) {
                        vecho.echo("again");
                        calls++;
                    }
                }
            }
        }
    }

    private static DomainConfig guest(Class<?> main, VdevConfig... devices) {
        return Dom0Fixture.jvm("vecho", main, List.of(), "hello", "you").toBuilder()
                .vdevs(List.of(devices))
                .build();
    }

    private static void awaitEnd(Dom0Fixture dom0) {
        await().atMost(PATIENCE).until(() -> dom0.toolstack().list().size() == 1);
    }

    @Test
    void shouldServeADeviceOfTheConfiguration() {
        try (var dom0 = new Dom0Fixture(List.of(DRIVER))) {
            int domid = dom0.create(guest(VechoGuest.class, VdevConfig.parse("vecho")));
            Dom0Fixture.Output console = dom0.console(domid);
            console.awaitText("HELLO YOU");
            console.awaitText("a call takes");
            awaitEnd(dom0);
        }
    }

    @Test
    void shouldAttachAndDetachWhileTheGuestRuns() {
        try (var dom0 = new Dom0Fixture(List.of(DRIVER))) {
            int domid = dom0.create(guest(Patient.class));
            Dom0Fixture.Output console = dom0.console(domid);
            Devices devices = dom0.toolstack().devices();
            for (int i = 0; i < 2; i++) {
                assertThat(devices.attach(domid, VdevConfig.parse("vecho,devid=" + i)))
                        .isEqualTo(i);
                console.awaitText("DEVICE " + i);
                assertThat(devices.list(domid)).extracting(DeviceInfo::devid).contains(i);
            }
            awaitEnd(dom0);
        }
    }

    @Test
    void shouldReplaceTheDriverUnderARunningGuest() {
        try (var dom0 = new Dom0Fixture(List.of(DRIVER))) {
            int domid = dom0.create(guest(VechoGuest.class, VdevConfig.parse("vecho")));
            Dom0Fixture.Output console = dom0.console(domid);
            console.awaitText("HELLO YOU");
            assertThat(dom0.toolstack().devices().reload("vecho"))
                    .extracting(DriverInfo::type)
                    .contains("vecho");
            console.awaitText("a call takes");
            awaitEnd(dom0);
        }
    }

    @Test
    void shouldKeepTheOtherDeviceInTheConfigurationWhenOneIsDetached() {
        try (var dom0 = new Dom0Fixture(List.of(DRIVER))) {
            VdevConfig device = VdevConfig.parse("vecho");
            int domid = dom0.create(guest(Patient.class, device, device));
            dom0.toolstack().devices().detach(domid, "vecho", 1, true);
            assertThat(dom0.toolstack().info(domid).config().orElseThrow().vdevs())
                    .containsExactly(device.withDevid(0));
            dom0.toolstack().destroy(domid);
            awaitEnd(dom0);
        }
    }

    @Test
    void shouldNameWhatCannotBeAttached() {
        try (var dom0 = new Dom0Fixture(List.of(DRIVER))) {
            int domid = dom0.create(guest(VechoGuest.class, VdevConfig.parse("vecho")));
            Devices devices = dom0.toolstack().devices();
            ToolstackException taken = catchThrowableOfType(
                    ToolstackException.class, () -> devices.attach(domid, VdevConfig.parse("vecho,devid=0")));
            assertThat(taken).hasMessage("domain vecho has a device vecho 0 already");
            ToolstackException unknown = catchThrowableOfType(
                    ToolstackException.class, () -> devices.attach(domid, VdevConfig.parse("vnothing")));
            assertThat(unknown).hasMessageStartingWith("there is no driver for devices of type vnothing; there are: ");
            assertThat(unknown.kind()).isEqualTo(Kind.NOT_SUPPORTED);
            dom0.toolstack().destroy(domid);
            awaitEnd(dom0);
        }
    }
}
