// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.decode;

/** What came after SSE2; FISTTP is with the x87's rows. */
final class Sse3Rows {
    /** SSE3. */
    static final String SSE3 = """
            66 0fd0 addsubpd V,Wx
            f2 0fd0 addsubps V,Wx
            66 0f7c haddpd V,Wx
            f2 0f7c haddps V,Wx
            66 0f7d hsubpd V,Wx
            f2 0f7d hsubps V,Wx
            f2 0ff0m lddqu V,Wx
            f2 0f12 movddup V,Wq
            f3 0f12 movsldup V,Wx
            f3 0f16 movshdup V,Wx
            """;

    /** SSSE3, on MMX registers too. */
    static final String SSSE3 = """
            np 0f3800 pshufb P,Q
            66 0f3800 pshufb V,Wx
            np 0f3801 phaddw P,Q
            66 0f3801 phaddw V,Wx
            np 0f3802 phaddd P,Q
            66 0f3802 phaddd V,Wx
            np 0f3803 phaddsw P,Q
            66 0f3803 phaddsw V,Wx
            np 0f3804 pmaddubsw P,Q
            66 0f3804 pmaddubsw V,Wx
            np 0f3805 phsubw P,Q
            66 0f3805 phsubw V,Wx
            np 0f3806 phsubd P,Q
            66 0f3806 phsubd V,Wx
            np 0f3807 phsubsw P,Q
            66 0f3807 phsubsw V,Wx
            np 0f3808 psignb P,Q
            66 0f3808 psignb V,Wx
            np 0f3809 psignw P,Q
            66 0f3809 psignw V,Wx
            np 0f380a psignd P,Q
            66 0f380a psignd V,Wx
            np 0f380b pmulhrsw P,Q
            66 0f380b pmulhrsw V,Wx
            np 0f381c pabsb P,Q
            66 0f381c pabsb V,Wx
            np 0f381d pabsw P,Q
            66 0f381d pabsw V,Wx
            np 0f381e pabsd P,Q
            66 0f381e pabsd V,Wx
            np 0f3a0f palignr P,Q,Ib
            66 0f3a0f palignr V,Wx,Ib
            """;

    /** SSE4.1. */
    static final String SSE4_1 = """
            66 0f3810 pblendvb V,Wx,X0
            66 0f3814 blendvps V,Wx,X0
            66 0f3815 blendvpd V,Wx,X0
            66 0f3817 ptest V,Wx
            66 0f3820 pmovsxbw V,Wq
            66 0f3821 pmovsxbd V,Wd
            66 0f3822 pmovsxbq V,Ww
            66 0f3823 pmovsxwd V,Wq
            66 0f3824 pmovsxwq V,Wd
            66 0f3825 pmovsxdq V,Wq
            66 0f3828 pmuldq V,Wx
            66 0f3829 pcmpeqq V,Wx
            66 0f382am movntdqa V,Wx
            66 0f382b packusdw V,Wx
            66 0f3830 pmovzxbw V,Wq
            66 0f3831 pmovzxbd V,Wd
            66 0f3832 pmovzxbq V,Ww
            66 0f3833 pmovzxwd V,Wq
            66 0f3834 pmovzxwq V,Wd
            66 0f3835 pmovzxdq V,Wq
            66 0f3838 pminsb V,Wx
            66 0f3839 pminsd V,Wx
            66 0f383a pminuw V,Wx
            66 0f383b pminud V,Wx
            66 0f383c pmaxsb V,Wx
            66 0f383d pmaxsd V,Wx
            66 0f383e pmaxuw V,Wx
            66 0f383f pmaxud V,Wx
            66 0f3840 pmulld V,Wx
            66 0f3841 phminposuw V,Wx
            66 0f3a08 roundps V,Wx,Ib
            66 0f3a09 roundpd V,Wx,Ib
            66 0f3a0a roundss V,Wd,Ib
            66 0f3a0b roundsd V,Wq,Ib
            66 0f3a0c blendps V,Wx,Ib
            66 0f3a0d blendpd V,Wx,Ib
            66 0f3a0e pblendw V,Wx,Ib
            66 0f3a14 pextrb RdMb,V,Ib
            66 0f3a15 pextrw RdMw,V,Ib
            66 0f3a16 pextrd Ey,V,Ib
            66 0f3a17 extractps Ed,V,Ib
            66 0f3a20 pinsrb V,RdMb,Ib
            66 0f3a21 insertps V,Wd,Ib
            66 0f3a22 pinsrd V,Ey,Ib
            66 0f3a40 dpps V,Wx,Ib
            66 0f3a41 dppd V,Wx,Ib
            66 0f3a42 mpsadbw V,Wx,Ib
            """;

    /** SSE4.2, CRC32 included. */
    static final String SSE4_2 = """
            66 0f3837 pcmpgtq V,Wx
            66 0f3a60 pcmpestrm V,Wx,Ib
            66 0f3a61 pcmpestri V,Wx,Ib
            66 0f3a62 pcmpistrm V,Wx,Ib
            66 0f3a63 pcmpistri V,Wx,Ib
            f2 0f38f0 crc32 Gy,Eb
            f2 0f38f1 crc32 Gy,Ev
            """;

    private Sse3Rows() {}
}
