"""More ways for an endpoint to misbehave: on the wire, in the status, in the shape of the answer."""

import gzip
import json
import socket
import time
from email.utils import formatdate

from faulty_server import LIMITED, Fault, body, error, tool


def raw(data, *, close=True):
    """Bytes as they are, in place of an HTTP answer."""

    def act(handler):
        handler.wfile.write(data)
        handler.wfile.flush()
        if close:
            handler.connection.shutdown(socket.SHUT_RDWR)
        handler.close_connection = True

    return Fault(act=act)


def _endless(handler):
    """An answer that never ends, in large pieces."""
    handler.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"id": "')
    while not handler.server.released.wait(0.005):
        handler.wfile.write(b"x" * 65536)
        handler.wfile.flush()


def _slow_stream(handler):
    """Events of a stream that nobody asked for, one now and then."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
    while not handler.server.released.wait(0.02):
        handler.wfile.write(b": ping\n\n")
        handler.wfile.flush()


def headers(*lines, data=b"{}"):
    return raw(b"\r\n".join([b"HTTP/1.1 200 OK", b"Content-Type: application/json", *lines, b"", data]))


FULL = json.dumps(body()).encode()
EVENT = b'data: {"choices": [{"delta": {"content": "half an ans"}}]}\n\n'
CHUNK = b"%x\r\n%s\r\n" % (len(FULL[:60]), FULL[:60])

# asked again, and then answered
TRANSIENT = {
    **{str(status): Fault(status, error("odd")) for status in (425, 498, 499, 501, 507, 520, 522, 524, 530, 599)},
    "500_empty": Fault(500, b""),
    "503_bad_utf8": Fault(503, b"\xff\xfe\x00"),
    "500_deep": Fault(500, b"[" * 50_000),
    "429_negative": Fault(429, LIMITED, headers={"Retry-After": "-5"}),
    "429_words": Fault(429, LIMITED, headers={"Retry-After": "soon"}),
    "429_infinite": Fault(429, LIMITED, headers={"Retry-After": "inf"}),
    "429_past": Fault(429, LIMITED, headers={"Retry-After": lambda: formatdate(time.time() - 9, usegmt=True)}),
    "429_empty": Fault(429, b""),
    "not_http": raw(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "tls_alert": raw(b"\x15\x03\x01\x00\x02\x02\x46"),
    "cut_headers": raw(b"HTTP/1.1 200 OK\r\nContent-Ty"),
    "long_header": headers(b"X-Long: " + b"x" * 200_000, data=FULL),
    "bad_length": headers(b"Content-Length: many", data=FULL),
    "length_too_small": headers(b"Content-Length: 50", data=FULL),
    "chunks_cut": headers(b"Transfer-Encoding: chunked", data=CHUNK),
    "chunks_bad": headers(b"Transfer-Encoding: chunked", data=b"zz\r\n" + FULL),
    "not_gzip": headers(b"Content-Encoding: gzip", data=FULL),
    "gzip_cut": headers(b"Content-Encoding: gzip", data=gzip.compress(FULL)[:40]),
    "gzip_bomb": headers(b"Content-Encoding: gzip", data=gzip.compress(b" " * 20_000_000)),
    "stream_cut": Fault(payload=EVENT, content_type="text/event-stream"),
    "stream_with_error": Fault(payload=EVENT + b'data: {"error": "overloaded"}\n\n', content_type="text/event-stream"),
    "utf16": Fault(payload=json.dumps(body(), ensure_ascii=False).encode("utf-16-le")),
    "json_null": Fault(payload=b"null"),
    "json_number": Fault(payload=b"1e999"),
    "json_twice": Fault(payload=FULL + FULL),
    "json_in_fences": Fault(payload=b"```json\n" + FULL + b"\n```"),
    "choices_object": Fault(payload=body(choices={"0": body()["choices"][0]})),
    "choices_of_null": Fault(payload=body(choices=[None])),
    "choices_of_text": Fault(payload=body(choices=["fine"])),
    "message_text": Fault(payload=body(choices=[{"index": 0, "message": "fine", "finish_reason": "stop"}])),
    "error_200_overloaded": Fault(payload={"error": {"code": 503, "message": "upstream is overloaded"}}),
}
SLOW = {"endless": Fault(act=_endless), "slow_stream": Fault(act=_slow_stream)}
# asked once: a person must act
DENIED = {
    "error_200_quota": Fault(payload=error("You exceeded your current quota", "insufficient_quota")),
    "error_200_credit": Fault(payload={"error": {"code": 402, "message": "Insufficient credits"}}),
    "error_200_key": Fault(payload={"error": {"code": 401, "message": "No auth credentials found"}}),
    "401_html": Fault(401, b"<html>login</html>", content_type="text/html"),
    "403_empty": Fault(403, b""),
    "404_html": Fault(404, b"<html>nothing here</html>", content_type="text/html"),
    "429_billing": Fault(429, error("check your plan and billing details", "insufficient_quota")),
}
FATAL = {
    "400_empty": Fault(400, b""),
    "405": Fault(405, error("method not allowed")),
    "410": Fault(410, error("gone")),
    "451": Fault(451, error("unavailable for legal reasons")),
}
# as good as an answer
FINE = {
    "usage_fractions": Fault(payload=body(usage={"prompt_tokens": 10.7, "completion_tokens": 2.2, "total_tokens": 13})),
    "as_text": Fault(payload=FULL, content_type="text/plain"),
    "spaces_around": Fault(payload=b" \r\n" + FULL + b"\n\n "),
    "tool_calls_null": Fault(payload=body({"tool_calls": None})),
    "tool_calls_empty": Fault(payload=body({"tool_calls": []})),
    "tool_calls_not_asked_for": Fault(payload=body({"tool_calls": [tool()]})),
    "more_choices": Fault(payload=body(choices=[*body()["choices"], {"index": 1, "message": {"content": "worse"}}])),
    "created_in_words": Fault(payload=body(created="today")),
}
# nothing to build on, or something: never a crash, a hang or a wrong price
ODD = {
    "content_number": Fault(payload=body({"content": 7})),
    "content_object": Fault(payload=body({"content": {"text": "fine"}})),
    "tool_calls_object": Fault(payload=body({"tool_calls": {"0": tool()}})),
    "tool_calls_of_null": Fault(payload=body({"tool_calls": [None, 3, "x"]})),
    "arguments_object": Fault(payload=body({"tool_calls": [tool(arguments={"path": "a.py"})]})),
    "function_null": Fault(payload=body({"tool_calls": [{"id": None, "type": None, "function": None}]})),
    "usage_boolean": Fault(payload=body(usage={"prompt_tokens": True, "completion_tokens": False})),
    "finish_number": Fault(payload=body(finish=3)),
    "nul_characters": Fault(payload=body({"content": "fi\0ne\x1b[2J\u202e"})),
    "lone_surrogates": Fault(payload=b'{"choices": [{"message": {"content": "\\ud800\\udfff fine \\udc00"}}]}'),
    "price_of_its_own": Fault(payload=body(cost=-5, response_cost=float("nan"))),
    "204": Fault(204, b""),
    "300": Fault(300, b""),
    "304": Fault(304, b""),
}
