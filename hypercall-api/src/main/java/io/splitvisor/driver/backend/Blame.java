// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.backend;

import java.util.Arrays;

/** Who threw something, in one line: what it is, and where in the driver's own code. */
final class Blame {
    private Blame() {}

    /** The innermost cause, and the first line of code on the way to it that is neither the kit's nor the JDK's. */
    static String of(Throwable thrown) {
        Throwable cause = thrown;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause
                + Arrays.stream(cause.getStackTrace())
                        .filter(frame -> !frame.getClassName().startsWith("java."))
                        .filter(frame -> !frame.getClassName().startsWith(Blame.class.getPackageName() + '.'))
                        .findFirst()
                        .map(frame -> ", at " + frame.getClassName() + '.' + frame.getMethodName() + " ("
                                + frame.getFileName() + ':' + frame.getLineNumber() + ')')
                        .orElse("");
    }
}
