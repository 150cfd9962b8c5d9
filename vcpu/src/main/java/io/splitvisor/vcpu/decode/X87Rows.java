// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.decode;

/** The x87. */
final class X87Rows {
    static final String TEXT = """
            9b fwait
            d8/0m fadd Md
            d8/1m fmul Md
            d8/2m fcom Md
            d8/3m fcomp Md
            d8/4m fsub Md
            d8/5m fsubr Md
            d8/6m fdiv Md
            d8/7m fdivr Md
            d8/0r fadd ST,Ti
            d8/1r fmul ST,Ti
            d8/2r fcom Ti
            d8/3r fcomp Ti
            d8/4r fsub ST,Ti
            d8/5r fsubr ST,Ti
            d8/6r fdiv ST,Ti
            d8/7r fdivr ST,Ti
            d9/0m fld Md
            d9/2m fst Md
            d9/3m fstp Md
            d9/4m fldenv M
            d9/5m fldcw Mw
            d9/6m fnstenv M
            d9/7m fnstcw Mw
            d9/0r fld Ti
            d9/1r fxch Ti
            d9/2r/0 fnop
            d9/4r/0 fchs
            d9/4r/1 fabs
            d9/4r/4 ftst
            d9/4r/5 fxam
            d9/5r/0 fld1
            d9/5r/1 fldl2t
            d9/5r/2 fldl2e
            d9/5r/3 fldpi
            d9/5r/4 fldlg2
            d9/5r/5 fldln2
            d9/5r/6 fldz
            d9/6r/0 f2xm1
            d9/6r/1 fyl2x
            d9/6r/2 fptan
            d9/6r/3 fpatan
            d9/6r/4 fxtract
            d9/6r/5 fprem1
            d9/6r/6 fdecstp
            d9/6r/7 fincstp
            d9/7r/0 fprem
            d9/7r/1 fyl2xp1
            d9/7r/2 fsqrt
            d9/7r/3 fsincos
            d9/7r/4 frndint
            d9/7r/5 fscale
            d9/7r/6 fsin
            d9/7r/7 fcos
            da/0m fiadd Md
            da/1m fimul Md
            da/2m ficom Md
            da/3m ficomp Md
            da/4m fisub Md
            da/5m fisubr Md
            da/6m fidiv Md
            da/7m fidivr Md
            da/0r fcmovb ST,Ti
            da/1r fcmove ST,Ti
            da/2r fcmovbe ST,Ti
            da/3r fcmovu ST,Ti
            da/5r/1 fucompp
            db/0m fild Md
            db/1m fisttp Md
            db/2m fist Md
            db/3m fistp Md
            db/5m fld Mt
            db/7m fstp Mt
            db/0r fcmovnb ST,Ti
            db/1r fcmovne ST,Ti
            db/2r fcmovnbe ST,Ti
            db/3r fcmovnu ST,Ti
            db/4r/0 fneni(8087only)
            db/4r/1 fndisi(8087only)
            db/4r/2 fnclex
            db/4r/3 fninit
            db/4r/4 fnsetpm(287only)
            db/5r fucomi ST,Ti
            db/6r fcomi ST,Ti
            dc/0m fadd Mq
            dc/1m fmul Mq
            dc/2m fcom Mq
            dc/3m fcomp Mq
            dc/4m fsub Mq
            dc/5m fsubr Mq
            dc/6m fdiv Mq
            dc/7m fdivr Mq
            dc/0r fadd Ti,ST
            dc/1r fmul Ti,ST
            dc/4r fsubr Ti,ST
            dc/5r fsub Ti,ST
            dc/6r fdivr Ti,ST
            dc/7r fdiv Ti,ST
            dd/0m fld Mq
            dd/1m fisttp Mq
            dd/2m fst Mq
            dd/3m fstp Mq
            dd/4m frstor M
            dd/6m fnsave M
            dd/7m fnstsw Mw
            dd/0r ffree Ti
            dd/2r fst Ti
            dd/3r fstp Ti
            dd/4r fucom Ti
            dd/5r fucomp Ti
            de/0m fiadd Mw
            de/1m fimul Mw
            de/2m ficom Mw
            de/3m ficomp Mw
            de/4m fisub Mw
            de/5m fisubr Mw
            de/6m fidiv Mw
            de/7m fidivr Mw
            de/0r faddp Ti,ST
            de/1r fmulp Ti,ST
            de/3r/1 fcompp
            de/4r fsubrp Ti,ST
            de/5r fsubp Ti,ST
            de/6r fdivrp Ti,ST
            de/7r fdivp Ti,ST
            df/0m fild Mw
            df/1m fisttp Mw
            df/2m fist Mw
            df/3m fistp Mw
            df/4m fbld Mt
            df/5m fild Mq
            df/6m fbstp Mt
            df/7m fistp Mq
            df/0r ffreep Ti
            df/4r/0 fnstsw AX
            df/5r fucomip ST,Ti
            df/6r fcomip ST,Ti
            """;

    private X87Rows() {}
}
