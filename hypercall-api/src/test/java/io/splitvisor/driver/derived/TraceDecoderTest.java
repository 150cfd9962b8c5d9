// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.driver.derived;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.abi.io.Blkif;
import io.splitvisor.abi.io.BlkifOp;
import io.splitvisor.abi.io.BlkifRequest;
import io.splitvisor.abi.io.BlkifRequestDiscard;
import io.splitvisor.abi.io.BlkifRequestSegment;
import io.splitvisor.abi.io.BlkifResponse;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

class TraceDecoderTest {
    private final MemorySegment memory = MemorySegment.ofArray(new byte[256]);

    @Test
    void shouldShowARequestAsItsOperationLaysItOut() {
        var decoder = new TraceDecoder(Blkif.PROTOCOL);
        BlkifRequest.OPERATION.set(memory, 8, BlkifOp.WRITE);
        BlkifRequest.NR_SEGMENTS.set(memory, 8, 2);
        BlkifRequest.HANDLE.set(memory, 8, 51712);
        BlkifRequest.ID.set(memory, 8, -1);
        BlkifRequest.SECTOR_NUMBER.set(memory, 8, 64);
        BlkifRequestSegment.GREF.set(memory, BlkifRequest.SEG.at(8, 0), 12);
        BlkifRequestSegment.LAST_SECT.set(memory, BlkifRequest.SEG.at(8, 1), 7);
        assertThat(decoder.request(memory, 8))
                .isEqualTo("WRITE nr_segments=2 handle=51712 id=18446744073709551615 sector_number=64"
                        + " seg=[{gref=12 first_sect=0 last_sect=0}{gref=0 first_sect=0 last_sect=7}]");

        memory.fill((byte) 0);
        BlkifRequestDiscard.OPERATION.set(memory, 8, BlkifOp.DISCARD);
        BlkifRequestDiscard.NR_SECTORS.set(memory, 8, 9);
        assertThat(decoder.request(memory, 8)).isEqualTo("DISCARD flag=0 handle=0 id=0 sector_number=0 nr_sectors=9");
    }

    @Test
    void shouldShowAResponseWithItsSign() {
        BlkifResponse.STATUS.set(memory, 0, -2);
        BlkifResponse.ID.set(memory, 0, 5);
        assertThat(new TraceDecoder(Blkif.PROTOCOL).response(memory, 0)).isEqualTo("id=5 operation=0 status=-2");
    }

    @Test
    void shouldShowOperationsThatAreNotDeclaredAndBytesInHexadecimal() {
        var decoder = new TraceDecoder(Sample.PROTOCOL);
        Sample.OPERATION.set(memory, 0, 7);
        assertThat(decoder.request(memory, 0))
                .startsWith("operation 7 id=0 position=0 length=0 pieces=[] odd={a=0 b=0}");
        memory.fill((byte) 0);
        Sample.OPERATION.set(memory, 0, 9);
        Sample.KEY.set(memory, 0, 1, 0xab);
        assertThat(decoder.request(memory, 0)).isEqualTo("ERASE key=00ab id=0 pages=[] wide=[] words=[]");
    }
}
