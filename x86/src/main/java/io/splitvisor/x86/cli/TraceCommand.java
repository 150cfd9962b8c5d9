// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.x86.cli;

import java.io.IOException;

final class TraceCommand {
    static int run(Arguments arguments) throws IOException {
        throw new UsageException("later");
    }
}
