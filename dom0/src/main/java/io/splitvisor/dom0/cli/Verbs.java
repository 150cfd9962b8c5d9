// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.cli;

import java.util.List;

/** All verbs, in the order of help: xl's, then ours. And those of xl's that do not exist yet. */
final class Verbs {
    private static final Option DRIVER_PATH =
            Option.valued(' ', "driver-path", "PATH", "Jars and folders with drivers, with colons between them.");

    private static final Option ALL = Option.flag('a', "all", "All guest domains.");

    /** Options of every verb. */
    static final List<Option> COMMON = List.of(
            Option.flag('h', "help", "Print this help."),
            Option.flag(' ', "json", "Print JSON."),
            Option.valued(' ', "output", "FORMAT", "table (as without it) or json."),
            Option.valued(' ', "run-dir", "DIR", "The Dom0's run folder."));

    /** What there is. */
    static final List<Verb> TABLE = List.of(
            new Verb(
                    "create",
                    true,
                    true,
                    "<ConfigFile> [options] [vars]",
                    "Create a domain from config file <filename>",
                    0,
                    List.of(
                            Option.flag('c', "", "Connect to the console after the domain is created."),
                            Option.flag('d', "", "Enable debug messages."),
                            Option.flag('e', "", "Do not wait in the background for the death of the domain."),
                            Option.flag('F', "", "Run in foreground until death of the domain."),
                            Option.valued('f', "defconfig", "FILE", "Use the given configuration file."),
                            Option.flag(
                                    'n',
                                    "dryrun",
                                    "Dry run - prints the resulting configuration (same as the global -N)."),
                            Option.flag('p', "", "Leave the domain paused after it is created."),
                            Option.flag('q', "quiet", "Quiet."))),
            new Verb(
                    "list",
                    false,
                    false,
                    "[options] [Domain...]",
                    "List information about all/some domains",
                    0,
                    List.of(
                            Option.flag('l', "long", "Output all VM details"),
                            Option.flag('v', "verbose", "Prints out UUIDs and security context"),
                            Option.flag('Z', "context", "Prints out security context"),
                            Option.flag('c', "cpupool", "Prints the cpupool the domain is in"),
                            Option.flag('n', "numa", "Prints out NUMA node affinity"))),
            new Verb(
                    "destroy",
                    false,
                    true,
                    "[options] <Domain>",
                    "Terminate a domain immediately",
                    1,
                    List.of(Option.flag('f', "", "Permit destroying domain 0, which ends its Dom0."))),
            new Verb(
                    "shutdown",
                    false,
                    true,
                    "[options] <-a|Domain>",
                    "Issue a shutdown signal to a domain",
                    0,
                    waits("shutdown")),
            new Verb(
                    "reboot",
                    false,
                    true,
                    "[options] <-a|Domain>",
                    "Issue a reboot signal to a domain",
                    0,
                    waits("reboot")),
            new Verb("pause", false, true, "<Domain>", "Pause execution of a domain", 1, List.of()),
            new Verb("unpause", false, true, "<Domain>", "Unpause a paused domain", 1, List.of()),
            new Verb("suspend", false, true, "<Domain>", "Suspend a domain to RAM", 1, List.of()),
            new Verb(
                    "resume",
                    false,
                    true,
                    "[-a] <Domain>",
                    "Resume a domain from RAM",
                    1,
                    List.of(Option.flag(
                            'a', "anew", "The domain takes itself for a new one: its devices connect anew."))),
            new Verb(
                    "console",
                    false,
                    false,
                    "[options] <Domain>",
                    "Attach to domain's console",
                    1,
                    List.of(
                            Option.valued('t', "", "TYPE", "console type: pv is the one there is"),
                            Option.valued(
                                    'n',
                                    "",
                                    "NUMBER",
                                    "console number, 0 where it is not given; others are those of the channel key"),
                            Option.valued('e', "", "ESCAPE", "escape character, ^] where it is not given"))),
            new Verb("vm-list", false, false, "", "List guest domains, excluding dom0, stubdoms, etc.", 0, List.of()),
            new Verb(
                    "info",
                    false,
                    false,
                    "[-n] [-x] [Name]",
                    "Get information about the host and its Dom0",
                    0,
                    List.of(
                            Option.flag('n', "numa", "List host NUMA topology information (there is none)."),
                            Option.flag('x', "xenstore", "List xenstore information (there is none)."))),
            new Verb(
                    "mem-max",
                    false,
                    true,
                    "<Domain> <MemMB['b'[bytes]|'k'[KB]|'m'[MB]|'g'[GB]|'t'[TB]]>",
                    "Set the maximum amount reservation for a domain",
                    2,
                    List.of()),
            new Verb(
                    "mem-set",
                    false,
                    true,
                    "<Domain> <MemMB['b'[bytes]|'k'[KB]|'m'[MB]|'g'[GB]|'t'[TB]]>",
                    "Set the current memory usage for a domain",
                    2,
                    List.of()),
            new Verb("domid", false, false, "<DomainName>", "Convert a domain name to domain id", 1, List.of()),
            new Verb("domname", false, false, "<DomainId>", "Convert a domain id to domain name", 1, List.of()),
            new Verb("rename", false, true, "<Domain> <NewDomainName>", "Rename a domain", 2, List.of()),
            new Verb(
                    "dmesg",
                    false,
                    false,
                    "[-c]",
                    "Read and/or clear dmesg buffer",
                    0,
                    List.of(Option.flag('c', "clear", "Clear dmesg buffer as well as printing it"))),
            new Verb(
                    "block-attach",
                    true,
                    true,
                    "<Domain> <disk-spec-component(s)>...",
                    "Create a new virtual block device",
                    2,
                    List.of()),
            new Verb(
                    "block-list", false, false, "<Domain(s)>", "List virtual block devices for a domain", 1, List.of()),
            new Verb(
                    "block-detach",
                    false,
                    true,
                    "[option] <Domain> <DevId>",
                    "Destroy a domain's virtual block device",
                    2,
                    List.of(Option.flag('f', "force", "do not wait for the domain to release the device"))),
            new Verb(
                    "device-attach",
                    false,
                    true,
                    "<Domain> <Type> [key=value...]",
                    "Create a device that a driver makes",
                    2,
                    List.of()),
            new Verb(
                    "device-list", false, false, "<Domain(s)>", "List the devices of a domain's drivers", 1, List.of()),
            new Verb(
                    "why-stuck",
                    false,
                    false,
                    "<Domain> [<Type>[/<DevId>]]",
                    "Say which end of a device waits for what, and since when",
                    1,
                    List.of()),
            new Verb(
                    "device-detach",
                    false,
                    true,
                    "[option] <Domain> <Type> [DevId]",
                    "Destroy a device that a driver made",
                    2,
                    List.of(Option.flag('f', "force", "do not wait for the domain to release the device"))),
            new Verb(
                    "drivers",
                    false,
                    false,
                    "",
                    "List the drivers of a Dom0, or of a path without a Dom0",
                    0,
                    List.of(DRIVER_PATH)),
            new Verb(
                    "driver-reload",
                    false,
                    true,
                    "<Type>",
                    "Load a driver's jar again, under running guests",
                    1,
                    List.of()),
            new Verb(
                    "new-driver",
                    false,
                    false,
                    "<Name>",
                    "Write the project of a new driver: both ends, tests, a benchmark",
                    1,
                    List.of(Option.valued(' ', "dir", "DIR", "Where to; ./Name unless it is given."))),
            new Verb("vcpu-list", false, false, "[Domain...]", "List the VCPUs for all/some domains", 0, List.of()),
            new Verb(
                    "vcpu-set",
                    false,
                    true,
                    "<Domain> <vCPUs>",
                    "Set the number of active VCPUs allowed for the domain",
                    2,
                    List.of()),
            new Verb(
                    "sched-credit",
                    false,
                    true,
                    "[-d <Domain> [-w[=WEIGHT]|-c[=CAP]]] [-p CPUPOOL]",
                    "Get/set credit scheduler parameters",
                    0,
                    List.of(
                            Option.valued('d', "domain", "DOMAIN", "Domain to modify"),
                            Option.valued('w', "weight", "WEIGHT", "Weight (int)"),
                            Option.valued('c', "cap", "CAP", "Cap (int)"),
                            Option.valued(
                                    'p',
                                    "cpupool",
                                    "CPUPOOL",
                                    "Restrict output to CPUPOOL: Pool-0 is the one there is"))),
            new Verb(
                    "uptime",
                    false,
                    false,
                    "[-s] [Domain...]",
                    "Print uptime for all/some domains",
                    0,
                    List.of(Option.flag('s', "", "Short form."))),
            new Verb(
                    "up",
                    true,
                    false,
                    "<File|Folder>... [[Name.]key=value...]",
                    "Start a Dom0 with all domains of a setup, and end with them",
                    1,
                    List.of(Option.flag('q', "quiet", "Do not print the domains' consoles."), DRIVER_PATH)),
            new Verb(
                    "down",
                    false,
                    true,
                    "[File|Folder|Domain...]",
                    "Shut domains down; without arguments all of them, and their Dom0",
                    0,
                    List.of(Option.valued(
                            'g', "grace", "SECONDS", "How long guests may take before they are destroyed (10)."))),
            new Verb(
                    "hypercalls",
                    false,
                    false,
                    "<Domain>",
                    "Show what a domain has asked the monitor for, and how long it took",
                    1,
                    List.of()),
            new Verb(
                    "paging-info",
                    false,
                    false,
                    "<Domain>",
                    "Show how a domain's memory is virtualized, and what that costs",
                    1,
                    List.of()),
            new Verb(
                    "page-walk",
                    false,
                    false,
                    "[options] <Domain> <Address>",
                    "Show how an address (hexadecimal) of a domain is translated, level by level",
                    2,
                    List.of(Option.valued('v', "vcpu", "VCPU", "Whose address (0)."))),
            new Verb(
                    "trace",
                    false,
                    false,
                    "[options] -o FILE [Domain...]",
                    "Write hypercalls and events of all/some domains to a file, until Ctrl-C",
                    0,
                    List.of(
                            Option.valued('o', "file", "FILE", "Where to write; trace-print and xenalyze read it."),
                            Option.valued('T', "time", "SECONDS", "Stop by itself after this time."),
                            Option.flag('d', "detach", "Do not wait; --stop ends the trace."),
                            Option.flag(' ', "stop", "End the trace that is under way."),
                            Option.flag(' ', "status", "Show the trace that is under way."))),
            new Verb(
                    "trace-print",
                    false,
                    false,
                    "[options] <File>",
                    "Print a trace",
                    1,
                    List.of(
                            Option.valued(' ', "dom", "N", "Only what this domain did, or was sent."),
                            Option.valued(' ', "op", "NAME", "Only hypercalls with this in their name."),
                            Option.flag('f', "follow", "Go on as the file grows."))),
            new Verb(
                    "paging-compare",
                    false,
                    false,
                    "",
                    "Run the same workloads under each paging mode, side by side (bench paging)",
                    0,
                    List.of()),
            new Verb(
                    "x86",
                    false,
                    false,
                    "<run|trace|boot|bench> [options] <Program> [arguments]",
                    "Run a program for x86-64 Linux on the virtual processor ('x86 run --help')",
                    0,
                    List.of()),
            new Verb("dom0", false, false, "", "Start a Dom0 in the foreground", 0, List.of(DRIVER_PATH)),
            new Verb("bench", false, false, "[Name [part...]]", "Run a benchmark, or list them", 0, List.of()),
            new Verb("completion", false, false, "", "Print a completion script for bash", 0, List.of()));

    /** xl's verbs that are not there. */
    static final List<String> NOT_YET = List.of(
            "config-update",
            "pci-attach",
            "pci-detach",
            "pci-list",
            "pci-assignable-add",
            "pci-assignable-remove",
            "pci-assignable-list",
            "vncviewer",
            "save",
            "migrate",
            "restore",
            "migrate-receive",
            "dump-core",
            "cd-insert",
            "cd-eject",
            "button-press",
            "vcpu-pin",
            "sharing",
            "sched-credit2",
            "sched-rtds",
            "trigger",
            "sysrq",
            "debug-keys",
            "set-parameters",
            "top",
            "network-attach",
            "network-list",
            "network-detach",
            "channel-list",
            "vtpm-attach",
            "vtpm-list",
            "vtpm-detach",
            "vkb-attach",
            "vkb-list",
            "vkb-detach",
            "vdispl-attach",
            "vdispl-list",
            "vdispl-detach",
            "vsnd-attach",
            "vsnd-list",
            "vsnd-detach",
            "claims",
            "cpupool-create",
            "cpupool-list",
            "cpupool-destroy",
            "cpupool-rename",
            "cpupool-cpu-add",
            "cpupool-cpu-remove",
            "cpupool-migrate",
            "cpupool-numa-split",
            "getenforce",
            "setenforce",
            "loadpolicy",
            "remus",
            "devd",
            "psr-hwinfo",
            "psr-cmt-attach",
            "psr-cmt-detach",
            "psr-cmt-show",
            "psr-cat-set",
            "psr-cat-show",
            "psr-mba-set",
            "psr-mba-show",
            "usbctrl-attach",
            "usbctrl-detach",
            "usbdev-attach",
            "usbdev-detach",
            "usb-list",
            "qemu-monitor-command",
            "dt-overlay",
            "xenstore-quota-get",
            "xenstore-quota-set");

    private Verbs() {}

    /** The verb of a word or of its unambiguous beginning, null where there is none; an exact match wins. */
    static Verb find(String word) {
        Verb found = null;
        for (Verb verb : TABLE) {
            if (verb.name().equals(word)) {
                return verb;
            }
            if (verb.name().startsWith(word)) {
                if (found != null) {
                    return null;
                }
                found = verb;
            }
        }
        return found;
    }

    /** Whether a word is a verb of xl's that is not there yet. */
    static boolean isNotYet(String word) {
        return NOT_YET.contains(word);
    }

    private static List<Option> waits(String what) {
        return List.of(
                ALL,
                Option.flag('F', "", "Accepted: there is no ACPI to fall back to."),
                Option.flag('w', "wait", "Wait for guest(s) to " + what + "; twice: for their death."));
    }
}
