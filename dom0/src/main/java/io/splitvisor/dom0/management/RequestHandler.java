// SPDX-License-Identifier: Apache-2.0
package io.splitvisor.dom0.management;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.netty.handler.timeout.IdleStateEvent;
import io.netty.handler.timeout.IdleStateHandler;
import io.splitvisor.dom0.toolstack.ConsoleStream;
import io.splitvisor.dom0.toolstack.ToolstackException;
import io.splitvisor.dom0.toolstack.ToolstackException.Kind;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** One connection: requests to {@link Routes} and answers back, one at a time. */
final class RequestHandler extends SimpleChannelInboundHandler<FullHttpRequest> {
    private final Routes routes;
    private final boolean full;
    private boolean busy;

    /**
     * @param routes what answers
     * @param full whether there are too many connections, so that this one is refused
     */
    RequestHandler(Routes routes, boolean full) {
        this.routes = routes;
        this.full = full;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, FullHttpRequest http) {
        if (busy) {
            ctx.close(); // a second request before the first was answered: pipelining is not offered
            return;
        }
        busy = true;
        boolean keepAlive = HttpUtil.isKeepAlive(http);
        if (full) {
            fail(ctx, HttpResponseStatus.SERVICE_UNAVAILABLE, "too many connections");
            return;
        }
        if (http.decoderResult().isFailure()) {
            fail(ctx, statusOf(http.decoderResult().cause()), "bad request");
            return;
        }
        Request request;
        try {
            request = Request.of(http);
        } catch (ToolstackException e) {
            send(ctx, Routes.failure(e, false), keepAlive);
            return;
        }
        boolean head = http.method().equals(HttpMethod.HEAD);
        Thread.ofVirtual().name("management-request").start(() -> {
            Reply reply = head ? Routes.failure(new Routes.MethodNotAllowed("GET"), true) : answer(request);
            ctx.executor().execute(() -> send(ctx, reply, keepAlive));
        });
    }

    private Reply answer(Request request) {
        try {
            return routes.answer(request);
        } catch (RuntimeException e) {
            return Routes.failure(e, request.text());
        }
    }

    private static HttpResponseStatus statusOf(Throwable cause) {
        return switch (cause) {
            case TooLongHttpLineException _ -> HttpResponseStatus.REQUEST_URI_TOO_LONG;
            case TooLongHttpHeaderException _ -> HttpResponseStatus.REQUEST_HEADER_FIELDS_TOO_LARGE;
            case null, default -> HttpResponseStatus.BAD_REQUEST;
        };
    }

    private void fail(ChannelHandlerContext ctx, HttpResponseStatus status, String message) {
        String body = Json.pretty(JsonForms.error(Kind.INVALID, message, List.of()));
        send(ctx, new Reply.Whole(status.code(), false, body, "", () -> {}), false);
    }

    private void send(ChannelHandlerContext ctx, Reply reply, boolean keepAlive) {
        if (!ctx.channel().isActive()) {
            Thread.ofVirtual().start(() -> abandon(reply));
            return;
        }
        switch (reply) {
            case Reply.Whole whole -> whole(ctx, whole, keepAlive);
            case Reply.Console(ConsoleStream console) -> console(ctx, console);
            case Reply.Events(EventStream stream) -> events(ctx, stream);
        }
    }

    /** The client left before its answer came. */
    private static void abandon(Reply reply) {
        switch (reply) {
            case Reply.Whole whole -> whole.after().run();
            case Reply.Console(ConsoleStream console) -> console.close();
            case Reply.Events(EventStream stream) -> stream.close();
        }
    }

    private void whole(ChannelHandlerContext ctx, Reply.Whole reply, boolean keepAlive) {
        ByteBuf body = Unpooled.copiedBuffer(reply.body(), StandardCharsets.UTF_8);
        FullHttpResponse http =
                new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(reply.status()), body);
        http.headers().set(HttpHeaderNames.CONTENT_TYPE, contentType(reply.text()));
        http.headers().setInt(HttpHeaderNames.CONTENT_LENGTH, body.readableBytes());
        if (!reply.location().isEmpty()) {
            http.headers().set(HttpHeaderNames.LOCATION, reply.location());
        }
        HttpUtil.setKeepAlive(http, keepAlive);
        ctx.writeAndFlush(http).addListener(done -> {
            busy = false;
            reply.after().run();
            if (!keepAlive || !done.isSuccess()) {
                ctx.close();
            }
        });
    }

    private void console(ChannelHandlerContext ctx, ConsoleStream console) {
        var http = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.SWITCHING_PROTOCOLS);
        http.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.UPGRADE);
        http.headers().set(HttpHeaderNames.UPGRADE, ManagementClient.CONSOLE_PROTOCOL);
        ctx.writeAndFlush(http).addListener(_ -> becomes(ctx, new ConsoleBridge(console)));
    }

    private static void events(ChannelHandlerContext ctx, EventStream stream) {
        var http = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
        String type = stream.text() ? "text/plain; charset=utf-8" : "application/x-ndjson";
        http.headers().set(HttpHeaderNames.CONTENT_TYPE, type);
        HttpUtil.setTransferEncodingChunked(http, true);
        ctx.writeAndFlush(http).addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
        stream.open(ctx.channel());
    }

    /** The connection is no longer HTTP: only the new handler stays in its pipeline. */
    private static void becomes(ChannelHandlerContext ctx, ChannelHandler handler) {
        ctx.pipeline().addLast(handler);
        ctx.pipeline().remove(HttpServerCodec.class);
        ctx.pipeline().remove(HttpObjectAggregator.class);
        ctx.pipeline().remove(IdleStateHandler.class);
        ctx.pipeline().remove(RequestHandler.class);
    }

    private static String contentType(boolean text) {
        return text ? "text/plain; charset=utf-8" : "application/json";
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) throws Exception {
        if (event instanceof IdleStateEvent && !busy) {
            ctx.close();
        } else {
            super.userEventTriggered(ctx, event);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ctx.close(); // the peer went away, or sent what is no HTTP
    }
}
