// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.decode;

/** MMX, and the forms of SSE to SSE2 on MMX registers. */
final class MmxRows {
    static final String TEXT = """
            np 0ffc paddb P,Q
            np 0ffd paddw P,Q
            np 0ffe paddd P,Q
            np 0fd4 paddq P,Q
            np 0ff8 psubb P,Q
            np 0ff9 psubw P,Q
            np 0ffa psubd P,Q
            np 0ffb psubq P,Q
            np 0fec paddsb P,Q
            np 0fed paddsw P,Q
            np 0fdc paddusb P,Q
            np 0fdd paddusw P,Q
            np 0fe8 psubsb P,Q
            np 0fe9 psubsw P,Q
            np 0fd8 psubusb P,Q
            np 0fd9 psubusw P,Q
            np 0f74 pcmpeqb P,Q
            np 0f75 pcmpeqw P,Q
            np 0f76 pcmpeqd P,Q
            np 0f64 pcmpgtb P,Q
            np 0f65 pcmpgtw P,Q
            np 0f66 pcmpgtd P,Q
            np 0fdb pand P,Q
            np 0fdf pandn P,Q
            np 0feb por P,Q
            np 0fef pxor P,Q
            np 0fd5 pmullw P,Q
            np 0fe5 pmulhw P,Q
            np 0fe4 pmulhuw P,Q
            np 0ff4 pmuludq P,Q
            np 0ff5 pmaddwd P,Q
            np 0fe0 pavgb P,Q
            np 0fe3 pavgw P,Q
            np 0fda pminub P,Q
            np 0fde pmaxub P,Q
            np 0fea pminsw P,Q
            np 0fee pmaxsw P,Q
            np 0ff6 psadbw P,Q
            np 0f60 punpcklbw P,Qd
            np 0f61 punpcklwd P,Qd
            np 0f62 punpckldq P,Qd
            np 0f68 punpckhbw P,Q
            np 0f69 punpckhwd P,Q
            np 0f6a punpckhdq P,Q
            np 0f63 packsswb P,Q
            np 0f67 packuswb P,Q
            np 0f6b packssdw P,Q
            np 0fd1 psrlw P,Q
            np 0fd2 psrld P,Q
            np 0fd3 psrlq P,Q
            np 0fe1 psraw P,Q
            np 0fe2 psrad P,Q
            np 0ff1 psllw P,Q
            np 0ff2 pslld P,Q
            np 0ff3 psllq P,Q
            np 0f71/2r psrlw N,Ib
            np 0f71/4r psraw N,Ib
            np 0f71/6r psllw N,Ib
            np 0f72/2r psrld N,Ib
            np 0f72/4r psrad N,Ib
            np 0f72/6r pslld N,Ib
            np 0f73/2r psrlq N,Ib
            np 0f73/6r psllq N,Ib
            np 0f6e movd P,Ey
            np 0f7e movd Ey,P
            np 0f6f movq P,Q
            np 0f7f movq Q,P
            np 0f77 emms
            np 0f70 pshufw P,Q,Ib
            np 0fc4 pinsrw P,RdMw,Ib
            np 0fc5r pextrw Gy,N,Ib
            np 0fd7r pmovmskb Gy,N
            np 0fe7m movntq Q,P
            np 0ff7r maskmovq P,N
            f3 0fd6r movq2dq V,N
            f2 0fd6r movdq2q P,U
            np 0f2a cvtpi2ps V,Q
            66 0f2a cvtpi2pd V,Q
            np 0f2c cvttps2pi P,Wq
            np 0f2d cvtps2pi P,Wq
            66 0f2c cvttpd2pi P,Wx
            66 0f2d cvtpd2pi P,Wx
            """;

    private MmxRows() {}
}
