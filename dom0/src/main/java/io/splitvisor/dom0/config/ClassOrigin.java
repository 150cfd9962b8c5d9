// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.config;

import java.net.URISyntaxException;
import java.nio.file.Path;

/** Where classes come from, to be given to a guest's class path or a driver path. */
public final class ClassOrigin {
    private ClassOrigin() {}

    /** The jar, or the folder of classes, that a class was loaded from. */
    public static Path of(Class<?> type) {
        try {
            return Path.of(
                    type.getProtectionDomain().getCodeSource().getLocation().toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(type + " comes from no file", e);
        }
    }
}
