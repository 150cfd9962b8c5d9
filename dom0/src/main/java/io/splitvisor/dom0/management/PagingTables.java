// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.management;

import io.splitvisor.dom0.toolstack.PageWalk;
import io.splitvisor.dom0.toolstack.PagingInfo;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;

/** What {@code paging-info} and {@code page-walk} print. */
final class PagingTables {
    private static final int KIB_A_PAGE = 4;
    private static final String[] RIGHTS = {"P", "RW", "US", "PWT", "PCD", "A", "D", "PS", "G"};
    private static final String[] EXTENDED_RIGHTS = {"R", "W", "X"};
    private static final int LARGE_BIT = 7;

    private PagingTables() {}

    static String text(PagingInfo info) {
        var text = new StringBuilder();
        line(
                text,
                "%s (%d): %s, tables of %d KiB, at most %d KiB, of %d KiB",
                info.name(),
                info.domid(),
                info.mode(),
                info.tablePages() * KIB_A_PAGE,
                info.peakPages() * KIB_A_PAGE,
                info.poolPages() * KIB_A_PAGE);
        info.counters().forEach((name, count) -> {
            if (count != 0) {
                line(text, "%-22s %12d", name, count);
            }
        });
        batches(text, info, "mmu-updates", "mmu-update-calls");
        batches(text, info, "mmuext-ops", "mmuext-calls");
        info.frames().forEach((type, pages) -> line(text, "pages of type %-8s %12d", type, pages));
        for (PagingInfo.Mmu mmu : info.mmus()) {
            line(
                    text,
                    "MMU of vCPU %d: %d walks, %.2f references a walk, %d fills, about %d hits, %d faults, %d flushes",
                    mmu.vcpu(),
                    mmu.walks(),
                    mmu.walks() == 0 ? 0.0 : (double) mmu.references() / mmu.walks(),
                    mmu.fills(),
                    mmu.hits(),
                    mmu.faults(),
                    mmu.flushes());
        }
        return text.toString();
    }

    private static void batches(StringBuilder text, PagingInfo info, String elements, String calls) {
        long count = info.counters().getOrDefault(calls, 0L);
        if (count != 0) {
            line(
                    text,
                    "%-22s %12.1f",
                    elements + " a call",
                    (double) info.counters().get(elements) / count);
        }
    }

    private static void line(StringBuilder text, String format, Object... values) {
        text.append(String.format(Locale.ROOT, format, values)).append('\n');
    }

    static Map<String, Object> json(PagingInfo info) {
        return Json.object(
                "domid",
                info.domid(),
                "name",
                info.name(),
                "mode",
                info.mode(),
                "tables_kib",
                info.tablePages() * KIB_A_PAGE,
                "tables_peak_kib",
                info.peakPages() * KIB_A_PAGE,
                "tables_limit_kib",
                info.poolPages() * KIB_A_PAGE,
                "counters",
                new LinkedHashMap<>(info.counters()),
                "pages_by_type",
                new LinkedHashMap<>(info.frames()),
                "mmus",
                info.mmus().stream().map(PagingTables::json).toList());
    }

    private static Map<String, Object> json(PagingInfo.Mmu mmu) {
        return Json.object(
                "vcpu",
                mmu.vcpu(),
                "walks",
                mmu.walks(),
                "references",
                mmu.references(),
                "fills",
                mmu.fills(),
                "hits",
                mmu.hits(),
                "faults",
                mmu.faults(),
                "flushes",
                mmu.flushes());
    }

    static String text(PageWalk walk) {
        var text = new StringBuilder();
        line(text, "0x%016x", walk.linear());
        if (walk.steps().isEmpty()) {
            line(text, "no page tables of four levels are loaded");
            return text.toString();
        }
        line(text, "%-10s %5s %12s %18s %-26s %s", "Tables", "Level", "Entry at", "Entry", "Rights", "Leads to");
        for (PageWalk.Step step : walk.steps()) {
            line(
                    text,
                    "%-10s %5d %12x %18x %-26s %s",
                    step.table(),
                    step.level(),
                    step.address(),
                    step.entry(),
                    rights(step),
                    step.frame() < 0 ? "nothing" : (step.leaf() ? "page " : "table ") + Long.toHexString(step.frame()));
        }
        walk.frame().ifPresent(frame -> line(text, "frame %x", frame));
        walk.machinePage().ifPresent(page -> line(text, "machine page %x", page));
        return text.toString();
    }

    private static String rights(PageWalk.Step step) {
        boolean extended = step.table().equals("ept");
        String[] names = extended ? EXTENDED_RIGHTS : RIGHTS;
        var rights = new StringBuilder();
        for (int bit = 0; bit < names.length; bit++) {
            if ((step.entry() >>> bit & 1) != 0) {
                rights.append(rights.isEmpty() ? "" : " ").append(names[bit]);
            }
        }
        if (extended && (step.entry() >>> LARGE_BIT & 1) != 0) {
            rights.append(" PS");
        }
        if (!extended && step.entry() < 0) {
            rights.append(" NX");
        }
        return rights.toString();
    }

    static Map<String, Object> json(PageWalk walk) {
        return Json.object(
                "linear",
                hex(walk.linear()),
                "steps",
                walk.steps().stream()
                        .map(step -> Json.object(
                                "tables",
                                step.table(),
                                "level",
                                step.level(),
                                "address",
                                hex(step.address()),
                                "entry",
                                hex(step.entry()),
                                "rights",
                                rights(step),
                                "frame",
                                step.frame() < 0 ? null : step.frame(),
                                "leaf",
                                step.leaf()))
                        .toList(),
                "frame",
                orNull(walk.frame()),
                "machine_page",
                orNull(walk.machinePage()));
    }

    private static Long orNull(OptionalLong number) {
        return number.isPresent() ? number.getAsLong() : null;
    }

    private static String hex(long number) {
        return "0x" + Long.toHexString(number);
    }
}
