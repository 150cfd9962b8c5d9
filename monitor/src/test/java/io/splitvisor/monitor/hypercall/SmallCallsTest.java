// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.monitor.hypercall;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.ConsoleIo;
import io.splitvisor.abi.DomId;
import io.splitvisor.abi.HvmOp;
import io.splitvisor.abi.HvmParam;
import io.splitvisor.abi.Hypercall;
import io.splitvisor.abi.MulticallEntry;
import io.splitvisor.abi.SchedOp;
import io.splitvisor.abi.SchedShutdown;
import io.splitvisor.abi.VmAssist;
import io.splitvisor.abi.XenErrno;
import io.splitvisor.abi.XenHvmParam;
import io.splitvisor.abi.XenVersion;
import io.splitvisor.monitor.Guest;
import io.splitvisor.monitor.Hypervisor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Multicall, console_io, vm_assist, hvm_op, dm_op, and what a translated guest does not get at all. */
class SmallCallsTest {
    private static final long LIST = 8192;
    private static final long RAM = Hypervisor.RAM_PAGES * 4096L;
    private static final long UNWRITTEN = 0x5555_5555_5555_5555L;

    private final Hypervisor hypervisor = new Hypervisor();
    private final Guest guest = hypervisor.guest();

    @AfterEach
    void nothingIsLeft() {
        hypervisor.close();
    }

    private void entry(long at, long op, long... words) {
        MemorySegment memory = guest.memory();
        MulticallEntry.op(memory, at, op);
        MulticallEntry.result(memory, at, UNWRITTEN);
        for (int i = 0; i < MulticallEntry.NR_ARGS; i++) {
            MulticallEntry.args(memory, at, i, i < words.length ? words[i] : 0);
        }
    }

    private long multicall(long list, long count) {
        return hypervisor.call(guest, Hypercall.MULTICALL, list, count);
    }

    private long result(long at) {
        return MulticallEntry.result(guest.memory(), at);
    }

    @Test
    void shouldMakeCallsInOrderAndWriteTheirResults() {
        entry(LIST, Hypercall.XEN_VERSION, XenVersion.VERSION);
        entry(LIST + 64, 999);
        entry(LIST + 128, Hypercall.XEN_VERSION, XenVersion.PAGESIZE);
        assertThat(multicall(LIST, 3)).isZero();
        assertThat(result(LIST)).isEqualTo(0x40011);
        assertThat(result(LIST + 64)).isEqualTo(-XenErrno.ENOSYS);
        assertThat(result(LIST + 128)).isEqualTo(4096);
        assertThat(multicall(LIST, 0)).isZero();
    }

    @Test
    void h3_shouldNotNest() {
        entry(LIST, Hypercall.MULTICALL, LIST + 128, 1);
        entry(LIST + 64, Hypercall.XEN_VERSION, XenVersion.VERSION);
        entry(LIST + 128, Hypercall.XEN_VERSION, XenVersion.VERSION);
        assertThat(multicall(LIST, 2)).isZero();
        assertThat(result(LIST)).isEqualTo(-XenErrno.EINVAL);
        assertThat(result(LIST + 64)).isEqualTo(0x40011);
        assertThat(result(LIST + 128)).isEqualTo(UNWRITTEN);
    }

    @Test
    void h4_shouldNotGoOnForADomainThatHasEnded() {
        SchedShutdown.reason(guest.memory(), 4096, 0);
        entry(LIST, Hypercall.SCHED_OP, SchedOp.SHUTDOWN, 4096);
        entry(LIST + 64, Hypercall.XEN_VERSION, XenVersion.VERSION);
        multicall(LIST, 2);
        assertThat(result(LIST + 64)).isEqualTo(UNWRITTEN);
        assertThat(guest.domain().ended()).isTrue();
    }

    @Test
    void h5_shouldKeepTheResultsBeforeAnEntryThatCannotBeRead() {
        long last = RAM - 64;
        entry(last, Hypercall.XEN_VERSION, XenVersion.VERSION);
        assertThat(multicall(last, 5)).isEqualTo(-XenErrno.EFAULT);
        assertThat(result(last)).isEqualTo(0x40011);
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, -64, RAM - 63, RAM, Long.MAX_VALUE, Long.MIN_VALUE, Long.MAX_VALUE - 63})
    void h5_shouldRefuseListsOutside(long list) {
        assertThat(multicall(list, 2)).isEqualTo(-XenErrno.EFAULT);
    }

    @Test
    void h6_shouldLetOthersInBetweenTheEntriesOfAHugeList() {
        int entries = (int) ((RAM - LIST) / 64);
        for (int i = 0; i < entries; i++) {
            entry(LIST + 64L * i, Hypercall.XEN_VERSION, XenVersion.VERSION);
        }
        guest.stage(Hypercall.MULTICALL, LIST, 0xffff_ffffL);
        guest.push();
        HypercallRing ring = new HypercallRing(guest.domain(), 0, hypervisor.table());
        int slices = 0;
        long done = 0;
        while (ring.serve() > 0) {
            long before = done;
            while (done < entries && result(LIST + 64 * done) != UNWRITTEN) {
                done++;
            }
            assertThat(done - before).isLessThan(40);
            slices++;
        }
        assertThat(slices).isGreaterThan(entries / 40);
        assertThat(done).isEqualTo(entries);
        assertThat(guest.results()).containsExactly((long) -XenErrno.EFAULT);
    }

    @Test
    void h7_shouldNotLetTheGuestChangeAnEntryThatIsUnderWay() {
        // A long call in a list: 128 lines for the log, whose entry is rewritten between two slices.
        guest.memory().asSlice(16384, 4096).fill((byte) '\n');
        entry(LIST, Hypercall.CONSOLE_IO, ConsoleIo.WRITE, 4096, 16384);
        guest.stage(Hypercall.MULTICALL, LIST, 1);
        guest.push();
        HypercallRing ring = new HypercallRing(guest.domain(), 0, hypervisor.table());
        assertThat(ring.serve()).isPositive();
        assertThat(result(LIST)).isEqualTo(UNWRITTEN);
        entry(LIST, Hypercall.CONSOLE_IO, ConsoleIo.WRITE, -1, -1);
        while (ring.serve() > 0) {
            assertThat(guest.domain().ended()).isFalse();
        }
        assertThat(result(LIST)).isZero();
        assertThat(guest.results()).containsExactly(0L);
        assertThat(hypervisor.logged()).hasSize(4096);
    }

    private long write(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        MemorySegment.copy(bytes, 0, guest.memory(), ValueLayout.JAVA_BYTE, 4096, bytes.length);
        return hypervisor.call(guest, Hypercall.CONSOLE_IO, ConsoleIo.WRITE, bytes.length, 4096);
    }

    @Test
    void h13_shouldLogWholeLinesOfWhatCanBePrinted() {
        assertThat(write("one\ntw")).isZero();
        assertThat(write("o\u001b[2J\r\n")).isZero();
        assertThat(hypervisor.logged()).containsExactly("one", "two[2J");
        assertThat(write("x".repeat(500) + "\n")).isZero();
        List<String> lines = new ArrayList<>(
                hypervisor.logged().subList(2, hypervisor.logged().size()));
        assertThat(lines).allMatch(line -> line.length() <= 199);
        assertThat(String.join("", lines)).isEqualTo("x".repeat(500));
    }

    @ParameterizedTest
    @CsvSource({"0, -1, 0", "1, 0xffffffff, -14", "0x7fffffff, 0x3f000, -14", "8, 0x7ffffffffffffffc, -14"})
    void h2_shouldRefuseTextOutside(String count, String at, long error) {
        long result =
                hypervisor.call(guest, Hypercall.CONSOLE_IO, ConsoleIo.WRITE, Long.decode(count), Long.decode(at));
        assertThat(result).isEqualTo(error);
    }

    @Test
    void shouldNotReadTheConsoleForGuests() {
        assertThat(hypervisor.call(guest, Hypercall.CONSOLE_IO, ConsoleIo.READ, 1, 4096))
                .isEqualTo(-XenErrno.EPERM);
    }

    @Test
    void shouldKnowOneOptionOfATranslatedGuest() {
        int flag = VmAssist.TYPE_RUNSTATE_UPDATE_FLAG;
        assertThat(hypervisor.call(guest, Hypercall.VM_ASSIST, VmAssist.CMD_ENABLE, flag))
                .isZero();
        assertThat(guest.domain().marksRunstateUpdates()).isTrue();
        assertThat(hypervisor.call(guest, Hypercall.VM_ASSIST, VmAssist.CMD_DISABLE, flag))
                .isZero();
        assertThat(guest.domain().marksRunstateUpdates()).isFalse();
        assertThat(hypervisor.call(guest, Hypercall.VM_ASSIST, 7, flag)).isEqualTo(-XenErrno.ENOSYS);
        assertThat(hypervisor.call(guest, Hypercall.VM_ASSIST, VmAssist.CMD_ENABLE, VmAssist.TYPE_PAE_EXTENDED_CR3))
                .isEqualTo(-XenErrno.EINVAL);
        assertThat(hypervisor.call(guest, Hypercall.VM_ASSIST, VmAssist.CMD_ENABLE, 64))
                .isEqualTo(-XenErrno.EINVAL);
    }

    private long param(int op, int domid, int index, long value) {
        XenHvmParam.domid(guest.memory(), 4096, domid);
        XenHvmParam.index(guest.memory(), 4096, index);
        XenHvmParam.value(guest.memory(), 4096, value);
        return hypervisor.call(guest, Hypercall.HVM_OP, op, 4096);
    }

    @ParameterizedTest
    @CsvSource({
        "CALLBACK_IRQ, 0, 0",
        "STORE_PFN, -1, 0",
        "STORE_EVTCHN, 0, 0",
        "CONSOLE_PFN, -1, 0",
        "CONSOLE_EVTCHN, 0, 0",
        "VM_GENERATION_ID_ADDR, 0, 0",
        "X87_FIP_WIDTH, -22, 0",
        "ACPI_IOPORTS_LOCATION, -19, 0",
        "PAE_ENABLED, -22, -22",
        "DM_DOMAIN, -22, -22",
        "NESTEDHVM, -22, -22",
        "IOREQ_PFN, -1, -1",
        "VIRIDIAN, -1, -1",
        "IDENT_PT, -1, -1",
        "ALTP2M, -1, 0",
        "TRIPLE_FAULT_REASON, -1, -1",
    })
    void shouldLetAGuestSetAndReadWhatXenLetsIt(String name, long setting, long reading) throws Exception {
        int index = HvmParam.class.getField(name).getInt(null);
        assertThat(param(HvmOp.SET_PARAM, DomId.SELF, index, 1)).isEqualTo(setting);
        assertThat(param(HvmOp.GET_PARAM, DomId.SELF, index, 0)).isEqualTo(reading);
        if (setting == 0) {
            assertThat(XenHvmParam.value(guest.memory(), 4096)).isOne();
        }
    }

    @Test
    void shouldKeepParametersOfOthersToThemselves() {
        Guest other = hypervisor.guest();
        assertThat(param(HvmOp.GET_PARAM, other.domid(), HvmParam.STORE_PFN, 0)).isEqualTo(-XenErrno.EPERM);
        assertThat(param(HvmOp.SET_PARAM, 77, HvmParam.CALLBACK_IRQ, 0)).isEqualTo(-XenErrno.ESRCH);
        for (int index : new int[] {39, -1, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
            assertThat(param(HvmOp.GET_PARAM, DomId.SELF, index, 0)).isEqualTo(-XenErrno.EINVAL);
        }
    }

    @Test
    void shouldCrashADomainWhoseTaskStateCannotBe() {
        assertThat(param(HvmOp.SET_PARAM, DomId.SELF, HvmParam.VM86_TSS, 0x1000))
                .isZero();
        assertThat(param(HvmOp.GET_PARAM, DomId.SELF, HvmParam.VM86_TSS_SIZED, 0))
                .isZero();
        assertThat(XenHvmParam.value(guest.memory(), 4096)).isEqualTo(128L << 32 | 0x1000);
        assertThat(param(HvmOp.SET_PARAM, DomId.SELF, HvmParam.VM86_TSS_SIZED, 103L << 32))
                .isEqualTo(-XenErrno.EINVAL);
        assertThat(guest.domain().ended()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"0, 4096, -61", "4, 4096, -7", "0xffffffff, 4096, -7", "1, -1, -14", "3, 0x3fff0, -14", "1, 4096, -1"})
    void h12_shouldReadNoBuffersThatAreNotThere(String buffers, String list, long error) {
        long result = hypervisor.call(guest, Hypercall.DM_OP, DomId.SELF, Long.decode(buffers), Long.decode(list));
        assertThat(result).isEqualTo(error);
        if (error == -1) {
            assertThat(hypervisor.call(guest, Hypercall.DM_OP, 77, 1, 4096)).isEqualTo(-XenErrno.ESRCH);
            assertThat(hypervisor.call(guest, Hypercall.DM_OP, 0, 1, 4096)).isEqualTo(-XenErrno.EPERM);
        }
    }

    @ParameterizedTest
    @ValueSource(
            ints = {
                Hypercall.SET_TRAP_TABLE,
                Hypercall.STACK_SWITCH,
                Hypercall.SET_CALLBACKS,
                Hypercall.FPU_TASKSWITCH,
                Hypercall.IRET,
                Hypercall.SET_SEGMENT_BASE,
                Hypercall.NMI_OP,
                Hypercall.CALLBACK_OP,
                Hypercall.PHYSDEV_OP
            })
    void h1_shouldNotHaveTheCallsThatDriveAProcessor(int number) {
        for (int command = 0; command < 64; command++) {
            assertThat(hypervisor.call(guest, number, command, 4096)).isEqualTo(-XenErrno.ENOSYS);
        }
    }
}
