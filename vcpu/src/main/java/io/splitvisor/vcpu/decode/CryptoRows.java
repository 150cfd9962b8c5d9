// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.vcpu.decode;

/** Instructions for ciphers and digests, on XMM registers. */
final class CryptoRows {
    /** Rounds of AES. */
    static final String AES = """
            66 0f38db aesimc V,Wx
            66 0f38dc aesenc V,Wx
            66 0f38dd aesenclast V,Wx
            66 0f38de aesdec V,Wx
            66 0f38df aesdeclast V,Wx
            66 0f3adf aeskeygenassist V,Wx,Ib
            """;

    /** Multiplication of polynomials. */
    static final String PCLMULQDQ = "66 0f3a44 pclmulqdq V,Wx,Ib";

    /** Rounds of SHA-1 and SHA-256. */
    static final String SHA = """
            np 0f38c8 sha1nexte V,Wx
            np 0f38c9 sha1msg1 V,Wx
            np 0f38ca sha1msg2 V,Wx
            np 0f38cb sha256rnds2 V,Wx,X0
            np 0f38cc sha256msg1 V,Wx
            np 0f38cd sha256msg2 V,Wx
            np 0f3acc sha1rnds4 V,Wx,Ib
            """;

    private CryptoRows() {}
}
