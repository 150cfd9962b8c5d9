// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.management;

import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.splitvisor.dom0.toolstack.ToolstackException;
import io.splitvisor.dom0.toolstack.ToolstackException.Kind;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * One request, taken out of Netty's buffers.
 *
 * @param method {@code GET} and the like
 * @param path the path's parts, decoded: {@code v1, domains, kv, disks}
 * @param query the query's parameters
 * @param text whether the answer shall be xl's text, not JSON
 * @param upgrade the protocol that the client wants to change to, if any
 * @param body the body: an object, empty where there was none
 */
record Request(
        String method,
        List<String> path,
        Map<String, List<String>> query,
        boolean text,
        Optional<String> upgrade,
        JsonNode body) {
    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    static Request of(FullHttpRequest http) {
        try {
            var uri = new QueryStringDecoder(http.uri(), StandardCharsets.UTF_8, true, 64);
            List<String> path = Arrays.stream(uri.rawPath().split("/", -1))
                    .skip(1)
                    .map(part -> QueryStringDecoder.decodeComponent(part, StandardCharsets.UTF_8))
                    .toList();
            return new Request(
                    http.method().name(),
                    path,
                    uri.parameters(),
                    http.headers().containsValue(HttpHeaderNames.ACCEPT, "text/plain", true),
                    Optional.ofNullable(http.headers().get(HttpHeaderNames.UPGRADE)),
                    body(http.content().toString(StandardCharsets.UTF_8)));
        } catch (IllegalArgumentException e) {
            throw invalid("bad request target: " + e.getMessage());
        }
    }

    private static JsonNode body(String content) {
        if (content.isBlank()) {
            return MAPPER.createObjectNode();
        }
        try {
            JsonNode node = MAPPER.readTree(content);
            if (node == null || !node.isObject()) {
                throw invalid("the body is no JSON object");
            }
            return node;
        } catch (JacksonException e) {
            throw invalid("the body is no JSON: " + e.getOriginalMessage());
        }
    }

    /** A query parameter that counts as set by its presence or by 1 or true. */
    boolean flag(String name) {
        List<String> values = query.get(name);
        return values != null && List.of("", "1", "true").contains(values.getLast());
    }

    /** All values of a query parameter. */
    List<String> all(String name) {
        return query.getOrDefault(name, List.of());
    }

    /** The last value of a query parameter, or what stands for it. */
    String parameter(String name, String none) {
        List<String> values = all(name);
        return values.isEmpty() ? none : values.getLast();
    }

    /** A string in the body. */
    Optional<String> string(String name) {
        JsonNode node = body.path(name);
        if (node.isMissingNode() || node.isNull()) {
            return Optional.empty();
        }
        if (!node.isString()) {
            throw invalid("'" + name + "' is no string");
        }
        return Optional.of(node.stringValue());
    }

    /** A number in the body, from 0; it may be absent. */
    OptionalInt optionalNumber(String name) {
        JsonNode node = body.path(name);
        if (node.isMissingNode() || node.isNull()) {
            return OptionalInt.empty();
        }
        if (!node.isInt() || node.intValue() < 0) {
            throw invalid("'" + name + "' is no number");
        }
        return OptionalInt.of(node.intValue());
    }

    /** A number in the body, or its digits as a string, which is what the command line sends: it leaves checking to Dom0. */
    Optional<String> digits(String name) {
        JsonNode node = body.path(name);
        return node.isIntegralNumber() ? Optional.of(node.asString()) : string(name);
    }

    /** A string in the body that must be there. */
    String required(String name) {
        return string(name).orElseThrow(() -> invalid("'" + name + "' is missing"));
    }

    /** A whole number in the body that must be there. */
    long number(String name) {
        JsonNode node = body.path(name);
        if (!node.isIntegralNumber() || !node.canConvertToLong()) {
            throw invalid("'" + name + "' is no whole number");
        }
        return node.longValue();
    }

    /** A boolean in the body, false where it is absent. */
    boolean truth(String name) {
        JsonNode node = body.path(name);
        if (!node.isMissingNode() && !node.isBoolean()) {
            throw invalid("'" + name + "' is no boolean");
        }
        return node.asBoolean(false);
    }

    /** A list of strings in the body, empty where it is absent. */
    List<String> strings(String name) {
        JsonNode node = body.path(name);
        if (node.isMissingNode()) {
            return List.of();
        }
        if (!node.isArray() || !node.valueStream().allMatch(JsonNode::isString)) {
            throw invalid("'" + name + "' is no list of strings");
        }
        return node.valueStream().map(JsonNode::stringValue).toList();
    }

    /** A folder in the body: an absolute path. */
    Path folder(String name) {
        String text = string(name).orElse("/");
        try {
            Path path = Path.of(text);
            if (path.isAbsolute()) {
                return path;
            }
        } catch (InvalidPathException _) {
            // refused below
        }
        throw invalid("'" + name + "' is no absolute path");
    }

    static ToolstackException invalid(String message) {
        return new ToolstackException(Kind.INVALID, message);
    }
}
