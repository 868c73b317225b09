"""An OpenAI-compatible chat endpoint that misbehaves on request, over real sockets."""

import json
import socket
import struct
import threading
import time
from collections import deque
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LEAK = "<html><body>Bad gateway</body></html>"


def body(message=None, *, finish="stop", usage=None, **extra):
    """A well-formed completion, with parts replaced."""
    answer = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "hand",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "fine", **(message or {})},
                "finish_reason": finish,
            }
        ],
        "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120} if usage is None else usage,
    }
    return {**answer, **extra}


def tool(arguments='{"path": "a.py"}', name="view", id="c1"):
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


def tools(*calls, content=None):
    return body({"content": content, "tool_calls": list(calls)}, finish="tool_calls")


def error(message, code=None, type_=None):
    return {"error": {"message": message, "type": type_ or "invalid_request_error", "param": None, "code": code}}


def deep(levels=20_000):
    return '{"choices": ' + "[" * levels + "]" * levels + "}"


class Fault:
    """One way to answer: a status, headers and a body, or something done to the socket."""

    def __init__(self, status=200, payload=b"", *, headers=(), act=None, content_type="application/json"):
        self.status = status
        self.payload = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        self.headers = dict(headers)
        self.act = act
        self.content_type = content_type

    def __call__(self, handler):
        if self.act:
            self.act(handler)
            return
        handler.send_response(self.status)
        handler.send_header("Content-Type", self.content_type)
        handler.send_header("Content-Length", str(len(self.payload)))
        for name, value in self.headers.items():
            handler.send_header(name, value() if callable(value) else value)
        handler.end_headers()
        handler.wfile.write(self.payload)


def _reset(handler):
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    handler.close_connection = True


def _close(handler):
    handler.connection.shutdown(socket.SHUT_RDWR)
    handler.close_connection = True


def _partial(handler, *, reset=False):
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", "5000")
    handler.end_headers()
    handler.wfile.write(json.dumps(body()).encode()[:100])
    handler.wfile.flush()
    (_reset if reset else _close)(handler)


def _hang(handler):
    handler.server.released.wait(20)
    handler.close_connection = True


def _drip(handler):
    """A byte now and then for ever: no single read ever times out."""
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", "1000000")
    handler.end_headers()
    while not handler.server.released.wait(0.02):
        handler.wfile.write(b" ")
        handler.wfile.flush()


def _stall(handler):
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", "5000")
    handler.end_headers()
    handler.wfile.write(b'{"id":')
    handler.wfile.flush()
    _hang(handler)


HTML = {"content_type": "text/html"}
LIMITED = error("Rate limit reached", "rate_limit_exceeded", "requests")
TRANSIENT = {
    "429_bare": Fault(429, LIMITED),
    "429_seconds": Fault(429, LIMITED, headers={"Retry-After": "7"}),
    "429_date": Fault(429, LIMITED, headers={"Retry-After": lambda: formatdate(time.time() + 30, usegmt=True)}),
    "429_ms": Fault(429, LIMITED, headers={"retry-after-ms": "2500"}),
    "429_days": Fault(429, LIMITED, headers={"Retry-After": "86400"}),
    "429_html": Fault(429, LEAK.encode(), **HTML),
    "408": Fault(408, error("timeout")),
    "409": Fault(409, error("conflict")),
    "500": Fault(500, error("boom", type_="server_error")),
    "500_html": Fault(500, LEAK.encode(), **HTML),
    "502_html": Fault(502, LEAK.encode(), **HTML),
    "503": Fault(503, error("overloaded", type_="server_error"), headers={"Retry-After": "3"}),
    "504_html": Fault(504, LEAK.encode(), **HTML),
    "529": Fault(529, error("overloaded_error")),
    "reset": Fault(act=_reset),
    "close": Fault(act=_close),
    "short_body": Fault(act=_partial),
    "reset_body": Fault(act=lambda handler: _partial(handler, reset=True)),
    "truncated_json": Fault(payload=json.dumps(body()).encode()[:80]),
    "bad_json": Fault(payload=b"{not json}"),
    "empty_body": Fault(payload=b""),
    "bad_utf8": Fault(payload=b'{"id": "\xff\xfe'),
    "html_200": Fault(payload=LEAK.encode(), **HTML),
    "json_list": Fault(payload=b"[]"),
    "json_string": Fault(payload=b'"no"'),
    "deep_json": Fault(payload=deep().encode()),
    "error_200": Fault(payload=error("upstream failed")),
    "no_choices": Fault(payload=body(choices=[])),
    "choices_missing": Fault(payload={k: v for k, v in body().items() if k != "choices"}),
    "choices_null": Fault(payload=body(choices=None)),
    "no_message": Fault(payload=body(choices=[{"index": 0, "finish_reason": "stop"}])),
    "usage_text": Fault(payload=body(usage={"prompt_tokens": "many", "completion_tokens": None, "total_tokens": "x"})),
    "usage_list": Fault(payload=body(usage=[1, 2])),
    "usage_nan": Fault(
        payload=json.dumps(body(usage={"prompt_tokens": float("nan"), "completion_tokens": float("inf")})).encode()
    ),
    "content_list": Fault(payload=body({"content": [{"type": "text", "text": "fi"}, {"type": "text", "text": "ne"}]})),
    "content_empty_list": Fault(payload=body({"content": []})),
    "message_null": Fault(payload=body(choices=[{"index": 0, "message": None, "finish_reason": "stop"}])),
}
SLOW = {"hang": Fault(act=_hang), "stall": Fault(act=_stall), "drip": Fault(act=_drip)}
EMPTY = {
    "content_null": Fault(payload=body({"content": None})),
    "content_empty": Fault(payload=body({"content": ""})),
    "content_blank": Fault(payload=body({"content": " \n\t"})),
}
REFUSED = {
    "refusal": Fault(payload=body({"content": None, "refusal": "I cannot help with that."})),
    "filter": Fault(payload=body({"content": ""}, finish="content_filter")),
    "filter_partial": Fault(payload=body({"content": "half an ans"}, finish="content_filter")),
    "400_filter": Fault(400, error("The response was filtered by our content management policy", "content_filter")),
}
DENIED = {
    "401": Fault(401, error("Incorrect API key provided", "invalid_api_key")),
    "403": Fault(403, error("not allowed", "permission_denied")),
    "404_model": Fault(404, error("The model `x` does not exist", "model_not_found")),
    "429_quota": Fault(429, error("You exceeded your current quota", "insufficient_quota", "insufficient_quota")),
    "400_credit": Fault(400, error("Your credit balance is too low to access the API")),
    "402": Fault(402, error("payment required")),
}
CONTEXT = {
    "400_context": Fault(
        400, error("This model's maximum context length is 8192 tokens. However", "context_length_exceeded")
    ),
    "413": Fault(413, error("Request too large")),
    "400_long": Fault(400, error("prompt is too long: 210000 tokens > 200000 maximum")),
}
FATAL = {
    "400": Fault(400, error("Invalid value for 'temperature'")),
    "422": Fault(422, error("unprocessable")),
    "418": Fault(418, error("teapot")),
}
FINE = {
    "no_usage": Fault(payload={k: v for k, v in body().items() if k != "usage"}),
    "usage_null": Fault(payload=body(usage=None) | {"usage": None}),
    "usage_negative": Fault(payload=body(usage={"prompt_tokens": -5, "completion_tokens": -1, "total_tokens": -6})),
    "usage_huge": Fault(payload=body(usage={"prompt_tokens": 10**30, "completion_tokens": 1, "total_tokens": 0})),
    "wrong_role": Fault(payload=body({"role": "user"})),
    "role_missing": Fault(payload=body(choices=[{"message": {"content": "fine"}, "finish_reason": "stop"}])),
    "finish_null": Fault(payload=body(finish=None)),
    "finish_new": Fault(payload=body(finish="because")),
    "extra_fields": Fault(payload=body({"mood": "good"}, finish="stop", weather={"rain": [1]})),
    "bom": Fault(payload=b"\xef\xbb\xbf" + json.dumps(body()).encode()),
    "no_ids": Fault(payload={k: v for k, v in body().items() if k not in ("id", "model", "created", "object")}),
    "dup_keys": Fault(payload=json.dumps(body()).encode()[:-1] + b', "id": "again"}'),
}
ALL = {**TRANSIENT, **SLOW, **EMPTY, **REFUSED, **DENIED, **CONTEXT, **FATAL, **FINE}


class Server(ThreadingHTTPServer):
    """Answers each request with the next of `script`, then with `default`."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script = deque()
        self.default = Fault(payload=body())
        self.requests = []
        self.headers = []
        self.released = threading.Event()
        self.lock = threading.Lock()
        self.active = self.most_active = 0
        self.delay = 0.0

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def handle_error(self, request, client_address):
        """Broken connections are what this server is for."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        server = self.server
        with server.lock:
            server.requests.append(request)
            server.headers.append({name.lower(): value for name, value in self.headers.items()})
            server.active += 1
            server.most_active = max(server.most_active, server.active)
            fault = server.script.popleft() if server.script else server.default
        if server.delay:
            time.sleep(server.delay)
        with server.lock:
            server.active -= 1
        fault(self)

    def do_GET(self):
        """What a redirect may make of a question."""
        self.server.headers.append({name.lower(): value for name, value in self.headers.items()})
        self.server.default(self)

    def log_message(self, *args):
        pass


@contextmanager
def serving():
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        server.server_close()
