// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.splitvisor.dom0.config.DiskConfig;
import io.splitvisor.dom0.toolstack.DomainInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Twenty domains at a time; when they are gone, so is everything that Dom0 had for them. */
class ManyDomainsIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int DOMAINS = 20;

    /** What the first round is for: classes, pools and buffers that stay. */
    private static final int WARM_UP = 3;

    /** Garbage that a collection may leave: code, profiles, soft references. One domain's history and rings are more. */
    private static final long HEAP_TOLERANCE = 4L << 20;

    @TempDir
    private Path folder;

    private Dom0Fixture dom0;

    @BeforeEach
    void start() {
        dom0 = new Dom0Fixture();
    }

    @AfterEach
    void stop() {
        dom0.close();
    }

    /** What a Dom0 has: descriptors by what they are, its own threads by name, mappings of guests' memory, live heap. */
    private record Usage(
            Map<String, Long> descriptors, TreeSet<String> threads, TreeSet<String> guestMappings, long heap) {
        static Usage now() throws IOException {
            System.gc();
            return new Usage(openDescriptors(), namesOfThreads(), mappedGuests(), heapUsed());
        }

        private static long heapUsed() {
            return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
        }

        private static Map<String, Long> openDescriptors() throws IOException {
            try (Stream<Path> links = Files.list(Path.of("/proc/self/fd"))) {
                return links.map(Usage::target)
                        .filter(target -> !target.isEmpty())
                        .collect(Collectors.groupingBy(target -> target, TreeMap::new, Collectors.counting()));
            }
        }

        /** Without the numbers that the kernel gives to each socket and pipe; empty if it was closed meanwhile. */
        private static String target(Path link) {
            try {
                return Files.readSymbolicLink(link).toString().replaceAll(":\\[[0-9]+\\]", "");
            } catch (IOException e) {
                return "";
            }
        }

        /** The platform's own pools shrink when they like: virtual threads' carriers, reapers of
         * processes, Netty's executor for what belongs to no loop. */
        private static TreeSet<String> namesOfThreads() {
            return Thread.getAllStackTraces().keySet().stream()
                    .map(Thread::getName)
                    .filter(name -> !name.startsWith("process reaper")
                            && !name.startsWith("ForkJoinPool")
                            && !name.startsWith("globalEventExecutor"))
                    .collect(Collectors.toCollection(TreeSet::new));
        }

        /** Domain 0 has memory, too, as long as there is a Dom0. */
        private static TreeSet<String> mappedGuests() throws IOException {
            try (Stream<String> lines = Files.lines(Path.of("/proc/self/maps"))) {
                return lines.filter(line -> line.contains("memfd:splitvisor-"))
                        .map(line -> line.substring(line.indexOf("memfd:")))
                        .filter(name -> !name.matches("memfd:splitvisor-[a-z]+-0 .*"))
                        .collect(Collectors.toCollection(TreeSet::new));
            }
        }

        long descriptorCount() {
            return descriptors.values().stream().mapToLong(Long::longValue).sum();
        }
    }

    private DiskConfig disk(int number) throws IOException {
        Path image = Files.write(folder.resolve("disk" + number + ".img"), new byte[1 << 16]);
        return DiskConfig.parse(List.of(image + ",raw,xvda,w"), folder);
    }

    /** Creates domains, talks to each, and destroys them. */
    private void round(int count) throws IOException {
        Map<Integer, Dom0Fixture.Output> consoles = new TreeMap<>();
        List<String> names = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            names.add("many-" + i);
            int domid = dom0.create(Dom0Fixture.jvm(names.getLast(), EchoGuest.class, List.of(disk(i))));
            consoles.put(domid, dom0.console(domid));
        }
        assertThat(dom0.toolstack().list()).extracting(DomainInfo::name).containsAll(names);
        consoles.forEach((domid, console) -> console.type("domain " + domid + " are you there"));
        consoles.forEach((domid, console) -> console.awaitText("echo domain " + domid + " are you there"));
        for (int domid : consoles.keySet()) {
            dom0.toolstack().destroy(domid);
        }
        assertThat(dom0.toolstack().list()).extracting(DomainInfo::name).containsExactly("Domain-0");
        dom0.forgetConsoles();
    }

    @Test
    @Timeout(60)
    void shouldGiveEverythingBackWhenTwentyDomainsAreGone() throws IOException {
        round(WARM_UP);
        await().atMost(PATIENCE).pollInSameThread().untilAsserted(() -> assertThat(Usage.mappedGuests())
                .isEmpty());
        Usage before = Usage.now();
        round(DOMAINS);
        await().atMost(PATIENCE).pollInSameThread().untilAsserted(() -> {
            Usage after = Usage.now();
            assertThat(after.guestMappings).isEmpty();
            assertThat(after.descriptors).isEqualTo(before.descriptors);
            assertThat(after.threads).isEqualTo(before.threads);
            assertThat(after.descriptorCount()).isEqualTo(before.descriptorCount());
            assertThat(after.heap - before.heap).as("heap").isLessThan(HEAP_TOLERANCE);
        });
    }
}
