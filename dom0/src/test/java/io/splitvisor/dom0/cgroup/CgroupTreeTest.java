// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cgroup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import io.splitvisor.dom0.config.CpuShare;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Over plain files in place of the kernel's, and once over the kernel's where that is allowed. */
class CgroupTreeTest {
    private static final long SELF = ProcessHandle.current().pid();

    @TempDir
    private Path host;

    private Path proc;
    private Path base;

    @BeforeEach
    void make() throws IOException {
        proc = Files.createDirectories(host.resolve("proc"));
        base = Files.createDirectories(host.resolve("cgroup/user.slice/mine"));
        Files.writeString(
                proc.resolve("mountinfo"),
                "22 1 0:20 / /proc rw - proc proc rw\n" + "30 22 0:26 / " + host.resolve("cgroup")
                        + " rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n");
        Files.writeString(proc.resolve("cgroup"), "4:memory:/x\n0::/user.slice/mine\n");
        Files.writeString(base.resolve("cgroup.controllers"), "cpuset cpu memory\n");
        Files.writeString(base.resolve("cgroup.procs"), SELF + "\n");
        Files.writeString(base.resolve("cgroup.subtree_control"), "");
    }

    private Path leaf(String more) {
        return base.resolve("splitvisor-" + SELF + more);
    }

    @Test
    void shouldGiveAGuestACgroupOfItsOwn() throws IOException {
        CgroupTree tree = CgroupTree.find(proc);
        assertThat(tree.problem()).isEmpty();
        assertThat(leaf("")).as("nothing happens before it is needed").doesNotExist();
        Cgroup group = tree.create(7);
        group.apply(new CpuShare(512, 150));
        group.add(1234);
        assertThat(leaf("").resolve("cgroup.procs")).hasContent(Long.toString(SELF));
        assertThat(base.resolve("cgroup.subtree_control")).hasContent("+cpu");
        assertThat(group.folder()).isEqualTo(leaf("-d7"));
        assertThat(leaf("-d7").resolve("cpu.weight")).hasContent("200");
        assertThat(leaf("-d7").resolve("cpu.max")).hasContent("150000 100000");
        assertThat(leaf("-d7").resolve("cgroup.procs")).hasContent("1234");
        group.apply(CpuShare.DEFAULT);
        assertThat(leaf("-d7").resolve("cpu.weight")).hasContent("100");
        assertThat(leaf("-d7").resolve("cpu.max")).hasContent("max 100000");
        // The kernel's folders can be removed with the files in them, those of a test cannot.
        for (String file : List.of("cpu.weight", "cpu.max", "cgroup.procs")) {
            Files.delete(leaf("-d7").resolve(file));
        }
        group.remove();
        assertThat(leaf("-d7")).doesNotExist();
        group.remove();
        assertThat(tree.create(7).folder()).exists();
    }

    @Test
    void shouldKeepWeightsInProportionAndInRange() {
        assertThat(Cgroup.kernelWeight(256)).isEqualTo(100);
        assertThat(Cgroup.kernelWeight(1)).isEqualTo(1);
        assertThat(Cgroup.kernelWeight(128)).isEqualTo(50);
        assertThat(Cgroup.kernelWeight(65535)).isEqualTo(10_000);
    }

    private void shouldRefuse(String why) {
        CgroupTree tree = CgroupTree.find(proc);
        assertThat(tree.problem().orElse("")).contains(why);
        assertThatIOException().isThrownBy(() -> tree.create(1)).withMessageContaining(why);
    }

    @Test
    void shouldSayWhyThereIsNothingToDivide() throws IOException {
        Files.writeString(base.resolve("cgroup.controllers"), "memory pids\n");
        shouldRefuse("no cpu controller in " + base);
        Files.writeString(proc.resolve("cgroup"), "4:memory:/x\n");
        shouldRefuse("this host has no cgroup v2");
        Files.delete(proc.resolve("cgroup"));
        shouldRefuse("cgroups cannot be read");
    }

    @Test
    void shouldSayThatTheCgroupIsSomebodyElses() throws IOException {
        assertThat(base.resolve("cgroup.subtree_control").toFile().setWritable(false))
                .isTrue();
        if (System.getProperty("user.name").equals("root")) {
            assertThat(CgroupTree.find(proc).problem())
                    .as("root may write everywhere")
                    .isEmpty();
        } else {
            shouldRefuse("not delegated to this user");
        }
    }

    @Test
    void shouldSayThatOthersAreInTheCgroup() throws IOException {
        // What the kernel refuses with EBUSY, a folder refuses too.
        CgroupTree tree = CgroupTree.find(proc);
        Files.delete(base.resolve("cgroup.subtree_control"));
        Files.createDirectory(base.resolve("cgroup.subtree_control"));
        assertThatIOException().isThrownBy(() -> tree.create(1)).withMessageContaining("other processes than Dom0");
    }

    @Test
    void shouldWorkWithTheKernelWhereItMay() throws IOException, InterruptedException {
        CgroupTree tree = CgroupTree.ofThisProcess();
        if (tree.problem().isPresent()) {
            assertThat(tree.problem().get())
                    .containsAnyOf("no cpu controller", "no cgroup v2", "cannot be read", "not delegated");
            assertThatIOException()
                    .isThrownBy(() -> tree.create(1))
                    .withMessage(tree.problem().get());
            return;
        }
        Process sleeper = new ProcessBuilder("sleep", "60").start();
        try {
            Cgroup group = tree.create(1);
            try {
                group.apply(new CpuShare(512, 10));
                group.add(sleeper.pid());
                assertThat(group.folder().resolve("cpu.weight")).hasContent("200");
                assertThat(group.folder().resolve("cgroup.procs")).hasContent(Long.toString(sleeper.pid()));
            } finally {
                sleeper.destroyForcibly().waitFor();
                group.remove();
            }
            assertThat(group.folder()).doesNotExist();
        } catch (IOException e) {
            assertThat(e).hasMessageContaining("other processes than Dom0");
        }
    }
}
