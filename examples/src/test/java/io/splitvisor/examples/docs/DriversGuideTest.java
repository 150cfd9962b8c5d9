// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.examples.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.splitvisor.driver.derived.LayoutTable;
import io.splitvisor.examples.vecho.Vecho;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** docs/drivers.md and driver-testing.md show what is compiled, tested and measured, line for line; and it is as short as it says. */
class DriversGuideTest {
    private static final Path EXAMPLES = Path.of("");
    private static final Path SOURCES = EXAMPLES.resolve("src/main/java/io/splitvisor/examples/vecho");
    private static final Path TESTS = EXAMPLES.resolve("src/test/java/io/splitvisor/examples/vecho");
    private static final Path BYTE_SOURCES = EXAMPLES.resolve("src/main/java/io/splitvisor/examples/vline");
    private static final Path BYTE_TESTS = EXAMPLES.resolve("src/test/java/io/splitvisor/examples/vline");
    private static final Pattern BLOCK = Pattern.compile("(?s)<!-- (\\S+) -->\n```(?:java)?\n(.*?)```");
    private static final Pattern ANY_BLOCK = Pattern.compile("(?m)^```");
    private static final int MOST_LINES = 80;

    /** A piece of code in the guide. */
    record Block(String file, String code) {
        @Override
        public String toString() {
            return file + ": " + code.strip().lines().findFirst().orElse("");
        }
    }

    static String guide() throws IOException {
        return guide("drivers.md");
    }

    private static String guide(String name) throws IOException {
        return Files.readString(EXAMPLES.resolve("../docs").resolve(name));
    }

    static List<Block> blocks() throws IOException {
        List<Block> blocks = blocks("drivers.md");
        blocks.addAll(blocks("driver-testing.md"));
        return blocks;
    }

    private static List<Block> blocks(String name) throws IOException {
        List<Block> blocks = new ArrayList<>();
        Matcher matcher = BLOCK.matcher(guide(name));
        while (matcher.find()) {
            blocks.add(new Block(matcher.group(1), matcher.group(2)));
        }
        return blocks;
    }

    @ParameterizedTest
    @MethodSource("blocks")
    void shouldShowTheSourceAsItIs(Block block) throws IOException {
        Path source = Stream.of(SOURCES, TESTS, BYTE_SOURCES, BYTE_TESTS, EXAMPLES.resolve("vecho"))
                .map(folder -> folder.resolve(block.file))
                .filter(Files::exists)
                .findFirst()
                .orElseThrow(() -> new AssertionError("no example " + block.file));
        assertThat(Files.readString(source)).contains(block.code);
    }

    @ParameterizedTest
    @CsvSource({"drivers.md, 16", "driver-testing.md, 2"})
    void shouldNameASourceForEveryBlock(String name, int atLeast) throws IOException {
        assertThat(blocks(name)).hasSizeGreaterThanOrEqualTo(atLeast);
        assertThat(ANY_BLOCK.matcher(guide(name)).results())
                .hasSize(2 * blocks(name).size());
    }

    @Test
    void shouldShowTheTablesOfTheDeclaration() throws IOException {
        String guide = guide();
        String shown = guide.substring(guide.indexOf("<!-- table -->\n"), guide.indexOf("<!-- end -->"));
        assertThat(shown).isEqualTo("<!-- table -->\n" + LayoutTable.of(Vecho.PROTOCOL));
    }

    @Test
    void shouldTakeFewerThanEightyLinesForBothEnds() throws IOException {
        int lines = 0;
        for (String end : List.of("Vecho.java", "VechoBackend.java", "VechoFrontend.java")) {
            lines += lines(SOURCES.resolve(end));
        }
        assertThat(lines).isBetween(1, MOST_LINES - 1);
    }

    /** What somebody has to write: no blank lines, no comments, nothing that an editor inserts. */
    private static int lines(Path source) throws IOException {
        try (Stream<String> lines = Files.lines(source)) {
            return (int) lines.map(String::strip)
                    .filter(line -> !line.isEmpty() && !line.matches("(//|/\\*|\\*|import |package ).*"))
                    .count();
        }
    }
}
