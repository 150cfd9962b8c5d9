// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.config;

import java.util.ArrayList;
import java.util.List;

/**
 * Text to tokens, with xl's token classes: identifiers {@code [a-z][._0-9a-z]*}, numbers {@code [0-9][0-9a-fx]*}, quoted
 * strings with C's escapes that do not span lines, {@code , ; = += [ ]}, line ends and {@code #} comments (which end the
 * line, also inside a list).
 */
final class Lexer {
    enum Kind {
        IDENT,
        NUMBER,
        STRING,
        COMMA(","),
        SEMICOLON(";"),
        EQUALS("="),
        ADD("+="),
        OPEN("["),
        CLOSE("]"),
        NEWLINE,
        /** What could not be read and has been reported. */
        BAD,
        END;

        private final String symbol;

        Kind() {
            this("");
        }

        Kind(String symbol) {
            this.symbol = symbol;
        }
    }

    record Token(Kind kind, String text, int line) {
        /** How an error message quotes this token. */
        String quoted() {
            return switch (kind) {
                case NEWLINE -> "the end of the line";
                case END -> "the end of the text";
                case STRING -> "\"" + text + "\"";
                default -> "'" + text + "'";
            };
        }
    }

    private final String source;
    private final String text;
    private final List<Problem> problems;
    private final List<Token> tokens = new ArrayList<>();
    private int position;
    private int line = 1;

    /**
     * @param source what messages call the text
     * @param text the text
     * @param problems where to put what is wrong; the text around it is skipped
     */
    Lexer(String source, String text, List<Problem> problems) {
        this.source = source;
        this.text = text;
        this.problems = problems;
        // Some editors mark their text as Unicode with it.
        this.position = text.startsWith("\uFEFF") ? 1 : 0;
    }

    /** All tokens, the last one END. */
    List<Token> tokens() {
        while (position < text.length()) {
            next();
        }
        add(Kind.END, "");
        return tokens;
    }

    private void next() {
        char c = text.charAt(position);
        switch (c) {
            case ' ', '\t', '\r' -> position++;
            case '\n' -> newline();
            case '#' -> position = lineEnd();
            case '\'', '"' -> string(c);
            case ',' -> symbol(Kind.COMMA);
            case ';' -> symbol(Kind.SEMICOLON);
            case '=' -> symbol(Kind.EQUALS);
            case '[' -> symbol(Kind.OPEN);
            case ']' -> symbol(Kind.CLOSE);
            default -> {
                if (text.startsWith("+=", position)) {
                    symbol(Kind.ADD);
                } else if (isLower(c)) {
                    run(Kind.IDENT);
                } else if (isDigit(c)) {
                    run(Kind.NUMBER);
                } else {
                    garbage();
                }
            }
        }
    }

    private void newline() {
        add(Kind.NEWLINE, "");
        position++;
        line++;
    }

    private void symbol(Kind kind) {
        add(kind, kind.symbol);
        position += kind.symbol.length();
    }

    private void run(Kind kind) {
        int start = position;
        while (position < text.length() && belongs(kind, text.charAt(position))) {
            position++;
        }
        add(kind, text.substring(start, position));
    }

    private static boolean belongs(Kind kind, char c) {
        return kind == Kind.IDENT
                ? isLower(c) || isDigit(c) || c == '.' || c == '_'
                : isDigit(c) || (c >= 'a' && c <= 'f') || c == 'x';
    }

    /** Reports what no token can start with, once for each run of it, and goes on behind it. */
    private void garbage() {
        int start = position;
        while (position < text.length() && " \t\r\n".indexOf(text.charAt(position)) < 0) {
            position++;
        }
        String what = printable(text.substring(start, position));
        String hint = what.startsWith("+") || what.startsWith("-") || what.startsWith("(")
                ? "; expected a number without a sign, a quoted string or a list, not an expression"
                : "; expected a key in lower case, a number or a quoted string";
        problem("cannot read '" + what + "'" + hint);
        add(Kind.BAD, what);
    }

    private void string(char quote) {
        var value = new StringBuilder();
        int start = position++;
        while (position < text.length() && text.charAt(position) != '\n') {
            char c = text.charAt(position++);
            if (c == quote) {
                add(Kind.STRING, value.toString());
                return;
            }
            if (c == '\\') {
                escape(value);
            } else {
                value.append(c);
            }
        }
        problem("the string " + printable(text.substring(start, Math.min(position, start + 40)))
                + " does not end on its line; expected " + quote);
        add(Kind.BAD, "");
    }

    private void escape(StringBuilder value) {
        if (position >= text.length() || text.charAt(position) == '\n') {
            return; // the string ends without a quote: its caller says so
        }
        char c = text.charAt(position++);
        switch (c) {
            case '\\', '\'', '"' -> value.append(c);
            case 'a' -> value.append('\007');
            case 'b' -> value.append('\b');
            case 'f' -> value.append('\f');
            case 'n' -> value.append('\n');
            case 'r' -> value.append('\r');
            case 't' -> value.append('\t');
            case 'v' -> value.append('\013');
            case 'x' -> numeric(value, position, 2, 2, 16);
            default -> {
                if (c >= '0' && c <= '7') {
                    numeric(value, position - 1, 1, 3, 8);
                } else {
                    problem("unknown escape \\" + printable(String.valueOf(c)) + " in a string; expected one of"
                            + " \\\\ \\' \\\" \\a \\b \\f \\n \\r \\t \\v \\xHH \\OOO");
                }
            }
        }
    }

    private void numeric(StringBuilder value, int start, int least, int most, int base) {
        int end = start;
        while (end < text.length() && end - start < most && asciiDigit(text.charAt(end), base) >= 0) {
            end++;
        }
        if (end - start < least) {
            problem("\\x in a string needs two hexadecimal digits");
            return;
        }
        value.append((char) (Integer.parseInt(text.substring(start, end), base) & 0xff));
        position = end;
    }

    private static int asciiDigit(char c, int base) {
        return c < 128 ? Character.digit(c, base) : -1;
    }

    private int lineEnd() {
        int end = text.indexOf('\n', position);
        return end < 0 ? text.length() : end;
    }

    private void add(Kind kind, String content) {
        tokens.add(new Token(kind, content, line));
    }

    private void problem(String message) {
        problems.add(new Problem(source, line, "", message));
    }

    private static boolean isLower(char c) {
        return c >= 'a' && c <= 'z';
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    /** Text from a file made fit for a terminal: at most 40 characters, controls as dots. */
    static String printable(String raw) {
        var safe = new StringBuilder();
        raw.codePoints().limit(40).forEach(c -> safe.appendCodePoint(Character.isISOControl(c) ? '.' : c));
        return safe.toString();
    }
}
