// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.decode;

/** Instructions of systems: privilege, segments, ports, processor state. */
final class SystemRows {
    static final String TEXT = """
            63 arpl Ew,Gw i64
            6c ins Yb,DX end
            6d ins Yz,DX end
            6e outs DX,Xb end
            6f outs DX,Xz end
            9a call Ap i64 end
            ea jmp Ap i64 end
            c4m les Gv,Mp i64 end
            c5m lds Gv,Mp i64 end
            0fb2m lss Gv,Mp end
            0fb4m lfs Gv,Mp end
            0fb5m lgs Gv,Mp end
            ca lret Iw end
            cb lret end
            cf iret end
            e4 in AL,Ib end
            e5 in EAX,Ib end
            e6 out Ib,AL end
            e7 out Ib,EAX end
            ec in AL,DX end
            ed in EAX,DX end
            ee out DX,AL end
            ef out DX,EAX end
            f1 int1 end
            f4 hlt end
            fa cli end
            fb sti end
            ff/3m call Mp end
            ff/5m jmp Mp end
            0f00/0 sldt Em
            0f00/1 str Em
            0f00/2 lldt Ew end
            0f00/3 ltr Ew end
            0f00/4 verr Ew
            0f00/5 verw Ew
            0f01/0m sgdt M
            0f01/1m sidt M
            0f01/2m lgdt M end
            0f01/3m lidt M end
            0f01/4 smsw Em
            0f01/6 lmsw Ew end
            0f01/7m invlpg M end
            np 0f01/0r/1 vmcall end
            np 0f01/3r/1 vmmcall end
            np 0f01/1r/2 clac end
            np 0f01/1r/3 stac end
            0f01/7r/0 swapgs o64 end
            0f01/7r/1 rdtscp end
            0f02 lar Gv,Em
            0f03 lsl Gv,Em
            0f05 syscall end
            0f06 clts end
            0f07 sysret end
            0f08 invd end
            0f09 wbinvd end
            0f0b ud2 end
            0f20 mov Rm,Cr end
            0f22 mov Cr,Rm end
            0f21 mov Rm,Dr end
            0f23 mov Dr,Rm end
            0f30 wrmsr end
            0f31 rdtsc end
            0f32 rdmsr end
            0f33 rdpmc end
            0f34 sysenter end
            0f35 sysexit end
            0fa2 cpuid end
            f3 0fae/0r rdfsbase Ey o64
            f3 0fae/1r rdgsbase Ey o64
            f3 0fae/2r wrfsbase Ey o64 end
            f3 0fae/3r wrgsbase Ey o64 end
            np 0fae/5r lfence
            np 0fae/6r mfence
            np 0fae/7r sfence
            np 0fae/7m clflush M
            """;

    private SystemRows() {}
}
