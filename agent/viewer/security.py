"""What keeps other programs and other pages out: the host, the origin, a token, and a content security policy."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping

from fastapi import Request, Response
from fastapi.responses import PlainTextResponse, RedirectResponse

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
)
PLOTS = POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
"""For pages with plots: the chart library sets styles of its own. Scripts stay as strict."""
HEADERS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
MARK = "x-treewright"
"""A header that no form and no foreign page can send without asking first."""
Next = Callable[[Request], Awaitable[Response]]


class Guard:
    """Decides who may ask for what.

    A page of another site reaches a local server in two ways: by its name, when that name is made to point here (DNS
    rebinding: the Host header is not ours), and by requests it makes the browser send (the Origin is not ours, and
    the cookie is not sent because it is same-site). Reading needs the right host; changing anything needs the token
    as well, which only the person who started the server was told.

    Args:
        token: the secret; it is handed over once, in the address, and kept in a cookie that scripts cannot read.
        port: where the server listens.
    """

    def __init__(self, token: str, port: int) -> None:
        self._token = token
        self._cookie = f"treewright-{port}"
        self._hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]")}

    def trusted(self, request: Request) -> bool:
        """Whether the one who asks has the token."""
        given = request.cookies.get(self._cookie, "")
        return hmac.compare_digest(given.encode(), self._token.encode())

    async def middleware(self, request: Request, call_next: Next) -> Response:
        """Refuses what must not be answered, and puts the headers on what is."""
        response = self._refusal(request) or self._entrance(request) or await call_next(request)
        for name, value in HEADERS.items():
            response.headers[name] = value
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    def _refusal(self, request: Request) -> Response | None:
        if request.headers.get("host", "") not in self._hosts:
            return PlainTextResponse("unknown host", 421)
        if request.method in ("GET", "HEAD"):
            return None
        origin = request.headers.get("origin")
        if origin is not None and origin.removeprefix("http://") not in self._hosts:
            return PlainTextResponse("another page asks", 403)
        if not self.trusted(request) or request.headers.get(MARK) != "1":
            return PlainTextResponse("open the address that `treewright view` printed: it has the token", 403)
        return None

    def _entrance(self, request: Request) -> Response | None:
        given = request.query_params.get("token")
        if given is None:
            return None
        response = RedirectResponse(request.url.path, 303)
        if hmac.compare_digest(given.encode(), self._token.encode()):
            response.set_cookie(self._cookie, self._token, httponly=True, samesite="strict", path="/")
        return response
