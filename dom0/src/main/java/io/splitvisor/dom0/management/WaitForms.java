// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.management;

import io.splitvisor.driver.backend.DeviceStatus;
import io.splitvisor.xenbus.Wait;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** What {@code why-stuck} prints: which end of a device waits for what, and since when. */
final class WaitForms {
    private WaitForms() {}

    /** @param now milliseconds since 1970 */
    static String text(List<DeviceStatus> devices, long now) {
        var text = new StringBuilder();
        for (DeviceStatus device : devices) {
            line(
                    text,
                    "%s %d: back end %s, front end %s",
                    device.type(),
                    device.devid(),
                    device.backend(),
                    device.frontend());
            wait(text, "back end", device.backendWait(), now);
            wait(text, "front end", device.frontendWait(), now);
            if (device.inFlight() > 0) {
                line(text, "  the driver has %d request(s) that are not completed", device.inFlight());
            }
            if (device.hookLate()) {
                line(text, "  a hook of the driver does not return");
            }
            if (device.error() != null) {
                line(text, "  error: %s", device.error());
            }
            if (device.frontendError() != null) {
                line(text, "  the front end says: %s", device.frontendError());
            }
            if (isIdle(device)) {
                line(text, "  nothing waits");
            }
        }
        return text.toString();
    }

    private static boolean isIdle(DeviceStatus device) {
        return device.backendWait().isEmpty()
                && device.frontendWait().isEmpty()
                && device.inFlight() == 0
                && !device.hookLate()
                && device.error() == null
                && device.frontendError() == null;
    }

    private static void wait(StringBuilder text, String who, Optional<Wait> wait, long now) {
        wait.ifPresent(w -> line(
                text,
                "  the %s waits for %s; for %.1f s now%s",
                who,
                w.what(),
                seconds(w, now),
                w.limit().isZero()
                        ? ""
                        : String.format(
                                Locale.ROOT, ", and for %d s at most", w.limit().toSeconds())));
    }

    private static double seconds(Wait wait, long now) {
        return Math.max(0, now - wait.sinceMillis()) / 1000.0;
    }

    private static void line(StringBuilder text, String format, Object... values) {
        text.append(String.format(Locale.ROOT, format, values)).append('\n');
    }

    static Map<String, Object> json(DeviceStatus device, long now) {
        return Json.object(
                "type", device.type(),
                "devid", device.devid(),
                "backend_path", device.backendPath(),
                "frontend_path", device.frontendPath(),
                "backend_state", device.backend().code(),
                "frontend_state", device.frontend().code(),
                "backend_waits", device.backendWait().map(wait -> json(wait, now)),
                "frontend_waits", device.frontendWait().map(wait -> json(wait, now)),
                "requests_in_driver", device.inFlight(),
                "hook_late", device.hookLate(),
                "error", Optional.ofNullable(device.error()),
                "frontend_error", Optional.ofNullable(device.frontendError()));
    }

    private static Map<String, Object> json(Wait wait, long now) {
        return Json.object(
                "for", wait.what(),
                "since_ms", wait.sinceMillis(),
                "seconds", seconds(wait, now),
                "limit_seconds", wait.limit().isZero() ? null : wait.limit().toSeconds());
    }
}
