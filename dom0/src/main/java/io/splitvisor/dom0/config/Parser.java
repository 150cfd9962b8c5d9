// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.config;

import io.splitvisor.dom0.config.Lexer.Kind;
import io.splitvisor.dom0.config.Lexer.Token;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Tokens to settings, by xl's grammar: assignments separated by line ends or semicolons, {@code +=} to append, lists that
 * may span lines, nest and end in a comma. After an error the rest of the line is skipped, so that one run reports all.
 */
final class Parser {
    /** Deeper lists than anyone writes; keeps hostile text from exhausting the stack. */
    private static final int MAX_DEPTH = 64;

    private final String source;
    private final Path folder;
    private final Map<String, Setting> settings;
    private final List<Problem> problems;
    private final List<Token> tokens;
    private int next;

    private Parser(String source, Path folder, String text, Map<String, Setting> settings, List<Problem> problems) {
        this.source = source;
        this.folder = folder;
        this.settings = settings;
        this.problems = problems;
        this.tokens = new Lexer(source, text, problems).tokens();
    }

    /**
     * Reads the settings of a text; a later one of the same key wins.
     *
     * @param source what messages call the text
     * @param folder what relative paths in it are relative to
     * @param settings where they go; {@code +=} appends to what is there
     * @param problems where syntax errors go
     */
    static void parse(String source, Path folder, String text, Map<String, Setting> settings, List<Problem> problems) {
        new Parser(source, folder, text, settings, problems).file();
    }

    private void file() {
        while (peek().kind() != Kind.END) {
            if (peek().kind() == Kind.NEWLINE || peek().kind() == Kind.SEMICOLON) {
                next++;
            } else if (!assignment()) {
                skipLine();
            }
        }
    }

    private boolean assignment() {
        Token key = peek();
        if (key.kind() != Kind.IDENT) {
            return unexpected("a key");
        }
        next++;
        Token operator = peek();
        if (operator.kind() != Kind.EQUALS && operator.kind() != Kind.ADD) {
            return unexpected("'=' after " + key.text());
        }
        next++;
        Value value = value(0);
        if (value == null) {
            return false;
        }
        if (operator.kind() == Kind.ADD) {
            value = append(key, value);
        }
        if (value != null) {
            settings.put(key.text(), new Setting(key.text(), value, source, settings.get(key.text())));
        }
        return switch (peek().kind()) {
            case NEWLINE, SEMICOLON, END -> true;
            default -> unexpected("the end of the line or ';' after the value of " + key.text());
        };
    }

    private Value append(Token key, Value added) {
        Setting before = settings.get(key.text());
        Value first = before == null ? null : before.value();
        return switch (first) {
            case null -> added;
            case Value.Atom one
            when added instanceof Value.Atom two -> new Value.Atom(one.text() + two.text(), true, two.line(), folder);
            case Value.Items one
            when added instanceof Value.Items two -> {
                var all = new ArrayList<>(one.items());
                all.addAll(two.items());
                yield new Value.Items(all, two.line());
            }
            default -> {
                problems.add(new Problem(
                        source,
                        added.line(),
                        key.text(),
                        "cannot append " + added.kind() + " to " + first.kind() + " of line " + first.line()));
                yield null;
            }
        };
    }

    private Value value(int depth) {
        Token token = peek();
        switch (token.kind()) {
            case STRING, NUMBER -> {
                next++;
                return new Value.Atom(token.text(), token.kind() == Kind.STRING, token.line(), folder);
            }
            case OPEN -> {
                if (depth >= MAX_DEPTH) {
                    problems.add(new Problem(source, token.line(), "", "lists nest deeper than " + MAX_DEPTH));
                    return null;
                }
                next++;
                return list(token, depth);
            }
            case IDENT -> unexpected("a number, a quoted string or a list (text needs quotes)");
            default -> unexpected("a number, a quoted string or a list");
        }
        return null;
    }

    private Value list(Token open, int depth) {
        var items = new ArrayList<Value>();
        skipNewlines();
        while (peek().kind() != Kind.CLOSE) {
            if (peek().kind() == Kind.END) {
                problems.add(
                        new Problem(source, open.line(), "", "the list that starts here does not end; expected ']'"));
                return null;
            }
            Value item = value(depth + 1);
            if (item == null) {
                return null;
            }
            items.add(item);
            skipNewlines();
            if (peek().kind() == Kind.COMMA) {
                next++;
                skipNewlines();
            } else if (peek().kind() != Kind.CLOSE && peek().kind() != Kind.END) {
                unexpected("',' or ']' in the list of line " + open.line());
                return null;
            }
        }
        next++;
        return new Value.Items(items, open.line());
    }

    private void skipNewlines() {
        while (peek().kind() == Kind.NEWLINE) {
            next++;
        }
    }

    private void skipLine() {
        while (peek().kind() != Kind.NEWLINE && peek().kind() != Kind.END) {
            next++;
        }
    }

    private Token peek() {
        return tokens.get(next);
    }

    private boolean unexpected(String expected) {
        Token token = peek();
        if (token.kind() != Kind.BAD) {
            String found = Lexer.printable(token.quoted());
            problems.add(new Problem(source, token.line(), "", "found " + found + ", expected " + expected));
        }
        return false;
    }
}
