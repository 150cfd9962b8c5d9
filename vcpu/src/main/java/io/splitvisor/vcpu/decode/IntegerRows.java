// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.decode;

/** Integer instructions of user mode. */
final class IntegerRows {
    static final String TEXT = """
            00^ add|or|adc|sbb|and|sub|xor Eb,Gb lock
            01^ add|or|adc|sbb|and|sub|xor Ev,Gv lock
            02^ add|or|adc|sbb|and|sub|xor Gb,Eb
            03^ add|or|adc|sbb|and|sub|xor Gv,Ev
            04^ add|or|adc|sbb|and|sub|xor AL,Ib
            05^ add|or|adc|sbb|and|sub|xor RAX,Iz
            38 cmp Eb,Gb
            39 cmp Ev,Gv
            3a cmp Gb,Eb
            3b cmp Gv,Ev
            3c cmp AL,Ib
            3d cmp RAX,Iz
            80/* add|or|adc|sbb|and|sub|xor Eb,Ib lock
            80/7 cmp Eb,Ib
            81/* add|or|adc|sbb|and|sub|xor Ev,Iz lock
            81/7 cmp Ev,Iz
            82/* add|or|adc|sbb|and|sub|xor Eb,Ib lock i64
            82/7 cmp Eb,Ib i64
            83/* add|or|adc|sbb|and|sub|xor Ev,Is lock
            83/7 cmp Ev,Is

            06 push ES i64
            0e push CS i64
            16 push SS i64
            1e push DS i64
            07 pop ES i64 end
            17 pop SS i64 end
            1f pop DS i64 end
            0fa0 push FS d64
            0fa8 push GS d64
            0fa1 pop FS d64 end
            0fa9 pop GS d64 end
            27 daa i64
            2f das i64
            37 aaa i64
            3f aas i64
            d4 aam Ib i64
            d5 aad Ib i64
            40+ inc Zv i64
            48+ dec Zv i64
            50+ push Zv d64
            58+ pop Zv d64
            60 pusha i64
            61 popa i64
            62m bound Gv,M i64
            63 movsxd Gv,Ed o64
            68 push Iz d64
            6a push Is d64
            69 imul Gv,Ev,Iz
            6b imul Gv,Ev,Is
            70~ jCC Jb f64 end
            0f80~ jCC Jz f64 end
            0f90~ setCC Eb
            0f40~ cmovCC Gv,Ev
            84 test Eb,Gb
            85 test Ev,Gv
            a8 test AL,Ib
            a9 test RAX,Iz
            86 xchg Eb,Gb lock
            87 xchg Ev,Gv lock
            88 mov Eb,Gb
            89 mov Ev,Gv
            8a mov Gb,Eb
            8b mov Gv,Ev
            8c mov Em,Sw
            8e mov Sw,Ew end
            8d lea Gv,M
            8f/0 pop Ev d64
            90+ xchg Zv,RAX
            98 cbw
            99 cwd
            9c pushf d64
            9d popf d64 end
            9e sahf
            9f lahf
            a0 mov AL,Ob
            a1 mov RAX,Ov
            a2 mov Ob,AL
            a3 mov Ov,RAX
            a4 movs Yb,Xb end
            a5 movs Yv,Xv end
            a6 cmps Xb,Yb end
            a7 cmps Xv,Yv end
            aa stos Yb,AL end
            ab stos Yv,RAX end
            ac lods AL,Xb end
            ad lods RAX,Xv end
            ae scas AL,Yb end
            af scas RAX,Yv end
            b0+ mov Zb,Ib
            b8+ mov Zv,Iv
            c0/* rol|ror|rcl|rcr|shl|shr|shl|sar Eb,Ib
            c1/* rol|ror|rcl|rcr|shl|shr|shl|sar Ev,Ib
            d0/* rol|ror|rcl|rcr|shl|shr|shl|sar Eb,1
            d1/* rol|ror|rcl|rcr|shl|shr|shl|sar Ev,1
            d2/* rol|ror|rcl|rcr|shl|shr|shl|sar Eb,CL
            d3/* rol|ror|rcl|rcr|shl|shr|shl|sar Ev,CL
            c2 ret Iw f64 end
            c3 ret f64 end
            c6/0 mov Eb,Ib
            c7/0 mov Ev,Iz
            c8 enter Iw,Ib d64
            c9 leave d64
            cc int3 end
            cd int Ib end
            ce into i64 end
            d6 salc i64
            d7 xlat
            e0 loopne Jb f64 end
            e1 loope Jb f64 end
            e2 loop Jb f64 end
            e3 jcxz Jb f64 end
            e8 call Jz f64 end
            e9 jmp Jz f64 end
            eb jmp Jb f64 end
            f5 cmc
            f8 clc
            f9 stc
            fc cld
            fd std
            f6/0 test Eb,Ib
            f6/1 test Eb,Ib
            f7/0 test Ev,Iz
            f7/1 test Ev,Iz
            f6/2 not Eb lock
            f7/2 not Ev lock
            f6/3 neg Eb lock
            f7/3 neg Ev lock
            f6/4 mul Eb
            f7/4 mul Ev
            f6/5 imul Eb
            f7/5 imul Ev
            f6/6 div Eb
            f7/6 div Ev
            f6/7 idiv Eb
            f7/7 idiv Ev
            fe/0 inc Eb lock
            fe/1 dec Eb lock
            ff/0 inc Ev lock
            ff/1 dec Ev lock
            ff/2 call Ev f64 end
            ff/4 jmp Ev f64 end
            ff/6 push Ev d64
            0f0dm nop Ev
            0f18 nop Ev
            0f19 nop Ev
            0f1a nop Ev
            0f1b nop Ev
            0f1c nop Ev
            0f1d nop Ev
            0f1e nop Ev
            0f1f nop Ev
            0fa3 bt Ev,Gv
            0fab bts Ev,Gv lock
            0fb3 btr Ev,Gv lock
            0fbb btc Ev,Gv lock
            0fba/4 bt Ev,Ib
            0fba/5 bts Ev,Ib lock
            0fba/6 btr Ev,Ib lock
            0fba/7 btc Ev,Ib lock
            0fa4 shld Ev,Gv,Ib
            0fa5 shld Ev,Gv,CL
            0fac shrd Ev,Gv,Ib
            0fad shrd Ev,Gv,CL
            0faf imul Gv,Ev
            0fb0 cmpxchg Eb,Gb lock
            0fb1 cmpxchg Ev,Gv lock
            0fb6 movzx Gv,Eb
            0fb7 movzx Gv,Ew
            0fbc bsf Gv,Ev
            0fbd bsr Gv,Ev
            0fbe movsx Gv,Eb
            0fbf movsx Gv,Ew
            0fc0 xadd Eb,Gb lock
            0fc1 xadd Ev,Gv lock
            np 0fc3m movnti My,Gy
            0fc7/1m cmpxchg8b M lock
            0fc8+ bswap Zv
            """;

    private IntegerRows() {}
}
