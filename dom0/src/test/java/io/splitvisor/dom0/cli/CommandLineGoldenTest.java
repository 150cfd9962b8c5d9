// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.dom0.cli.Shell.Result;
import io.splitvisor.dom0.toolstack.FakeToolstack;
import io.splitvisor.dom0.toolstack.ShutdownReason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the verbs print, byte for byte: xl's columns and messages. */
class CommandLineGoldenTest {
    @TempDir
    private Path runDir;

    @TempDir
    private Path folder;

    private Shell shell;

    @BeforeEach
    void start() throws IOException {
        shell = new Shell(runDir, folder, new FakeToolstack());
        Files.writeString(folder.resolve("web.cfg"), """
                name='web'; type='exec'; kernel='k'; memory=64; on_crash='preserve'
                paging='shadow'; shadow_memory=8; oos=0
                disk=['img,raw,xvda,w', 'data.img,,xvdb,r']
                """);
        Files.writeString(
                folder.resolve("db.cfg"), "name='db'\ntype='jvm'\nkernel='g.jar'; jvm_main='M'\nmemory=128\nvnc=1\n");
    }

    @AfterEach
    void stop() {
        shell.close();
    }

    private void createBoth() {
        assertThat(shell.run("create", "-q", "web.cfg").code()).isZero();
        assertThat(shell.run("create", "-qp", "db.cfg").code()).isZero();
    }

    @Test
    void shouldListAsXlDoes() {
        createBoth();
        shell.toolstack().guestShutsDown(1, ShutdownReason.CRASH);
        assertThat(shell.run("list")).isEqualTo(new Result(0, """
                Name                                        ID   Mem VCPUs\tState\tTime(s)
                Domain-0                                     0  1024     2     r-----       1.2
                web                                          1    64     1     -b-sc-       0.1
                db                                           2   128     1     -bp---       0.1
                """, ""));
        assertThat(shell.run("li", "db").out()).isEqualTo("""
                Name                                        ID   Mem VCPUs\tState\tTime(s)
                db                                           2   128     1     -bp---       0.1
                """);
        assertThat(shell.run("list", "1", "db").out().lines()).hasSize(3);
    }

    @Test
    void shouldShowAndSetWeightsAndCaps() {
        createBoth();
        assertThat(shell.run("sched-credit", "-d", "web", "-w", "512", "-c50"))
                .isEqualTo(
                        new Result(0, "WARNING: cpu_weight and cap have no effect: this host has no cgroup v2\n", ""));
        assertThat(shell.run("sched-credit")).isEqualTo(new Result(0, """
                Cpupool Pool-0:
                Name                                ID Weight  Cap
                Domain-0                             0    256    0
                web                                  1    512   50
                db                                   2    256    0
                """, ""));
        assertThat(shell.run("sched-credit", "-d", "1", "--json").out()).contains("\"weight\": 512", "\"cap\": 50");
        assertThat(shell.run("sched-credit", "-w", "1").err()).isEqualTo("Must specify a domain.\n");
        assertThat(shell.run("sched-credit", "-d", "web", "-w", "0").code()).isOne();
        assertThat(shell.run("sched-credit", "-d", "web", "-w", "65536").code()).isOne();
        assertThat(shell.run("sched-credit", "-d", "web", "-c", "x").code()).isOne();
        assertThat(shell.run("create", "/dev/null", "name='s'", "type='exec'", "kernel='k'", "cap=20", "cpu_weight=7")
                        .err())
                .contains("WARNING: ", "cpu_weight and cap have no effect");
        assertThat(shell.run("sched-credit", "-d", "s").out()).contains("      7   20");
    }

    @Test
    void shouldShowWhatADomainAskedFor() {
        createBoth();
        assertThat(shell.run("hypercalls", "web")).isEqualTo(new Result(0, """
                web (1): 2 vCPU(s), 1002 calls in 64 turns, 5 errors, 1 preempted
                Hypercall                           Calls     Errors      Timed    p50(us)    p99(us)    max(us)
                EVTCHNOP_send                        1000          3         16       0.21       4.80      61.00
                unknown                                 2          2          0          -          -          -
                Calls found by a turn: 1: 60, 3-4: 4
                Doorbells to Dom0: 12 rung, 990 saved
                Doorbells to the guest: not known
                Events: 997 sent, 40 received
                """, ""));
        assertThat(shell.run("hypercalls", "--json", "1").out()).contains("""
                    "doorbells": {
                        "to_dom0": {
                            "rung": 12,
                            "saved": 990
                        },
                        "to_guest": {
                            "rung": null,
                            "saved": null
                        }
                    },
                """);
    }

    @Test
    void shouldShowHowMemoryIsVirtualized() {
        createBoth();
        assertThat(shell.run("paging-info", "web")).isEqualTo(new Result(0, """
                web (1): registered, tables of 12 KiB, at most 20 KiB, of 1536 KiB
                faults                            7
                mmu-update-calls                  4
                mmu-updates                     100
                mmu-updates a call             25.0
                pages of type l1                  2
                MMU of vCPU 0: 10 walks, 4.00 references a walk, 9 fills, about 1000 hits, 1 faults, 2 flushes
                """, ""));
        assertThat(shell.run("paging-info", "--json", "1").out())
                .contains("\"mode\": \"registered\"", "\"tables_limit_kib\": 1536", "\"references\": 40");
    }

    @Test
    void shouldShowAWalkLevelByLevel() {
        createBoth();
        assertThat(shell.run("page-walk", "-v", "1", "web", "0x40201000")).isEqualTo(new Result(0, """
                0x0000000040201000
                Tables     Level     Entry at              Entry Rights                     Leads to
                guest          2        66000   80000000002000e7 P RW US A D PS NX          page 200
                ept            1         8010             2000f7 R W X PS                   page 200
                shadow         4         9008                  0                            nothing
                frame 201
                machine page 200
                """, ""));
        assertThat(shell.run("page-walk", "--json", "web", "40201000").out())
                .contains("\"entry\": \"0x80000000002000e7\"", "\"frame\": null");
        assertThat(shell.run("page-walk", "--json", "web", "40201000").out()).contains("\"machine_page\": 512");
        assertThat(shell.run("page-walk", "web", "here").err()).contains("'here' is no address");
        assertThat(shell.run("page-walk", "web", "800000000000").err()).contains("is not canonical");
    }

    @Test
    void shouldListMoreColumnsOnRequest() {
        createBoth();
        shell.toolstack().guestShutsDown(1, ShutdownReason.CRASH);
        assertThat(shell.run("list", "-v", "web", "db").out())
                .isEqualTo("Name                                        ID   Mem VCPUs\tState\tTime(s)"
                        + "   UUID                            Reason-Code\tSecurity Label\n"
                        + "web                                          1    64     1     -b-sc-       0.1"
                        + " 12345678-9abc-4def-8000-000000000001        3                -\n"
                        + "db                                           2   128     1     -bp---       0.1"
                        + " 12345678-9abc-4def-8000-000000000002        -                -\n");
        assertThat(shell.run("list", "-Zcn", "db").out())
                .isEqualTo("Name                                        ID   Mem VCPUs\tState\tTime(s)"
                        + "   Security Label         Cpupool NODE Affinity\n"
                        + "db                                           2   128     1     -bp---       0.1"
                        + "                -          Pool-0 all\n");
    }

    @Test
    void shouldListGuestsOnlyInVmList() {
        createBoth();
        assertThat(shell.run("vm-list").out()).isEqualTo("""
                        UUID                                  ID    name
                        12345678-9abc-4def-8000-000000000001  1    web                          \s
                        12345678-9abc-4def-8000-000000000002  2    db                           \s
                        """);
    }

    @Test
    void shouldListVcpusAsXlDoes() {
        createBoth();
        assertThat(shell.run("vcpu-list", "web").out()).isEqualTo("""
                        Name                                ID  VCPU   CPU State   Time(s) Affinity (Hard / Soft)
                        web                                  1     0     -   r--       1.3  all / all
                        """);
        assertThat(shell.run("vcpu-list").out().lines()).hasSize(3);
        assertThat(shell.run("vcpu-set", "web", "1").code()).isZero();
        assertThat(shell.run("vcpu-set", "web", "2").err()).contains("1 to 1, not 2");
    }

    @Test
    void shouldListInFullAsJson() {
        createBoth();
        assertThat(shell.run("list", "-l", "web").out().replace(folder.toString(), "DIR"))
                .isEqualTo("""
                        [
                            {
                                "domid": 1,
                                "config": {
                                    "c_info": {
                                        "type": "exec",
                                        "name": "web",
                                        "uuid": "12345678-9abc-4def-8000-000000000001"
                                    },
                                    "b_info": {
                                        "max_vcpus": 1,
                                        "avail_vcpus": 1,
                                        "max_memkb": 65536,
                                        "target_memkb": 65536,
                                        "cmdline": "",
                                        "arguments": [],
                                        "guest": {
                                            "kernel": "DIR/k"
                                        },
                                        "max_grant_frames": 64,
                                        "paging": {
                                            "mode": "shadow",
                                            "shadow_memkb": 8192,
                                            "oos": false
                                        },
                                        "sched_params": {
                                            "weight": 256,
                                            "cap": 0
                                        }
                                    },
                                    "disks": [
                                        {
                                            "pdev_path": "DIR/img",
                                            "vdev": "xvda",
                                            "format": "raw",
                                            "readwrite": 1
                                        },
                                        {
                                            "pdev_path": "DIR/data.img",
                                            "vdev": "xvdb",
                                            "format": "raw",
                                            "readwrite": 0
                                        }
                                    ],
                                    "nics": [],
                                    "vdevs": [],
                                    "channels": [],
                                    "drivers": [],
                                    "on_poweroff": "destroy",
                                    "on_reboot": "restart",
                                    "on_watchdog": "destroy",
                                    "on_crash": "preserve",
                                    "optional": false,
                                    "after": [],
                                    "takes": []
                                }
                            }
                        ]
                        """);
        assertThat(shell.run("list", "--long").out()).contains("\"domid\": 0", "\"domid\": 1", "\"domid\": 2");
    }

    @Test
    void shouldConvertNamesAndDomids() {
        createBoth();
        assertThat(shell.run("domid", "db")).isEqualTo(new Result(0, "2\n", ""));
        assertThat(shell.run("domname", "1")).isEqualTo(new Result(0, "web\n", ""));
        assertThat(shell.run("domid", "nobody"))
                .isEqualTo(new Result(
                        1, "", "Can't get domid of domain name 'nobody', maybe this domain does not exist.\n"));
        assertThat(shell.run("domid", "1").code()).isEqualTo(1);
        assertThat(shell.run("domname", "9"))
                .isEqualTo(new Result(
                        1, "", "Can't get domain name of domain id '9', maybe this domain does not exist.\n"));
        assertThat(shell.run("domname", "web")).isEqualTo(new Result(1, "", "Invalid domain id.\n\n"));
    }

    @Test
    void shouldListBlockDevices() {
        createBoth();
        assertThat(shell.run("block-list", "web", "nobody", "2").out()).isEqualTo("""
                Vdev  BE  handle state evt-ch ring-ref BE-path                      \s
                51712 0   1      4     15     768      /local/domain/0/backend/vbd/1/51712
                51728 0   1      4     15     768      /local/domain/0/backend/vbd/1/51728
                """);
        assertThat(shell.run("block-list", "nobody")).satisfies(result -> {
            assertThat(result.code()).isZero();
            assertThat(result.err()).isEqualTo("nobody is an invalid domain identifier\n");
        });
    }

    @Test
    void shouldPrintUptime() {
        shell.toolstack().createdAt(Instant.now().minusSeconds(2 * 86_400 + 3 * 3_600 + 4 * 60));
        createBoth();
        assertThat(shell.run("uptime", "db").out()).matches("Name {32}ID Uptime\ndb {35}2 2 days,  3:04:0[0-9]\n");
        assertThat(shell.run("uptime", "-s", "db").out())
                .matches(" [0-9]{2}:[0-9]{2}:[0-9]{2} up 2 days,  3:04, db \\(2\\)\n");
        assertThat(shell.run("uptime").out().lines()).hasSize(4);
    }

    @Test
    void shouldPrintTheHost() {
        assertThat(shell.run("info").out())
                .isEqualTo("""
                host                   : host1
                release                : 6.1.0
                version                : #1 SMP
                machine                : x86_64
                nr_cpus                : 2
                max_cpu_id             : 1
                cpu_mhz                : 2400.123
                virt_caps              : jvm exec
                total_memory           : 2048
                free_memory            : 1024
                sharing_freed_memory   : 0
                sharing_used_memory    : 0
                outstanding_claims     : 0
                free_cpus              : 0
                xen_major              : 0
                xen_minor              : 1
                xen_extra              : .0
                xen_version            : 0.1.0
                xen_caps               : jvm-25
                xen_scheduler          : linux
                xen_pagesize           : 4096
                xen_commandline        : dom0
                cc_compiler            : javac 25
                run_dir                : /run/sv
                xend_config_format     : 4
                """.replace("javac 25", "javac " + Runtime.version().feature()));
        assertThat(shell.run("info", "run_dir").out()).isEqualTo("/run/sv\n");
    }

    @Test
    void shouldPrintAndClearTheLog() {
        assertThat(shell.run("dmesg").out()).isEqualTo("(XEN) one\n(XEN) two\n");
        assertThat(shell.run("dmesg", "-c").out()).isEqualTo("(XEN) one\n(XEN) two\n");
        assertThat(shell.run("dmesg")).isEqualTo(new Result(0, "", ""));
    }

    @Test
    void shouldPrintWhatADryRunWouldCreate() {
        Result result = shell.run("-N", "create", "db.cfg", "memory=96");
        assertThat(result.code()).isZero();
        assertThat(result.err()).isEqualTo("WARNING: db.cfg:5: vnc: a key of xl that is not acted on\n");
        assertThat(result.out())
                .startsWith("{\n    \"domid\": null,\n    \"config\": {")
                .contains("\"target_memkb\": 98304");
        assertThat(shell.run("create", "-n", "db.cfg").out()).contains("\"name\": \"db\"");
        assertThat(shell.run(
                                "-N",
                                "block-attach",
                                "0",
                                "format=raw",
                                "vdev=hda",
                                "access=rw",
                                "target=/dev/vg/guest-volume")
                        .out())
                .isEqualTo("""
                        disk: {
                            "pdev_path": "/dev/vg/guest-volume",
                            "vdev": "hda",
                            "format": "raw",
                            "readwrite": 1
                        }

                        """);
        assertThat(shell.toolstack().list()).hasSize(1);
    }

    @Test
    void shouldPrintHelpInXlsForm() {
        Result all = shell.run("help");
        assertThat(all.code()).isZero();
        assertThat(all.out()).startsWith("Usage splitvisor [-vfNtT] [--run-dir DIR] [--json] <subcommand> [args]\n\n");
        assertThat(all.out()).contains("\n block-attach        Create a new virtual block device\n");
        assertThat(shell.run()).isEqualTo(new Result(1, all.out(), ""));
        assertThat(shell.run("help", "pause").out()).isEqualTo("""
                Usage: splitvisor [-vtTf] pause <Domain>

                Pause execution of a domain.

                Options:

                -h, --help              Print this help.
                --json                  Print JSON.
                --output=FORMAT         table (as without it) or json.
                --run-dir=DIR           The Dom0's run folder.

                """);
        assertThat(shell.run("pause", "-h").out())
                .isEqualTo(shell.run("help", "pau").out());
        assertThat(shell.run("help", "nothing")).isEqualTo(new Result(0, "command \"nothing\" not implemented\n", ""));
    }
}
