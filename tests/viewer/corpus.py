"""Texts that a model, a tool or a repository could say to get at the one who looks."""

from __future__ import annotations

from viewer_runs import Texts

PAYLOADS = (
    "<script>window.pwned=1</script>",
    "</script><script>window.pwned=1</script>",
    "</pre></td></table><b data-evil=1>bold</b>",
    "\"'><img src=x onerror=window.pwned=1 data-evil=1>",
    "<svg/onload=window.pwned=1 data-evil=1><animate onbegin=window.pwned=1></svg>",
    "<style>body{display:none}</style><link rel=stylesheet href=http://192.0.2.1/x.css>",
    "<iframe data-evil=1 srcdoc='<script>parent.pwned=1</script>'></iframe>",
    "<details open ontoggle=window.pwned=1 data-evil=1>x</details>",
    "![beacon](http://192.0.2.1/beacon.png) [link](javascript:window.pwned=1) <http://192.0.2.1/auto>",
    "<!-- <b data-evil=1> --> ]]> &lt;script&gt;window.pwned=1&lt;/script&gt;",
    "{{ 7*7 }} {% raw %} ${window.pwned=1} <%= 7*7 %>",
    "\x1b[31mred\x1b[0m \x1b]8;;http://192.0.2.1/\x07click\x1b]8;;\x07 \x9b31m \x07",
    "user\u202egnp.exe \u2066 isolated \u2069 \u200bzero\ufeff \u2028 line",
    "<base href=http://192.0.2.1/><meta http-equiv=refresh content='0;url=http://192.0.2.1/'>",
    "<form action=http://192.0.2.1/><button data-evil=1 formaction=javascript:window.pwned=1>go</button></form>",
    "<math><mtext><table><mglyph><style><img src=x onerror=window.pwned=1 data-evil=1></style></table></mtext>",
    "\udce9 lone \ud83d surrogates \x00 nul",
)
INVISIBLE = ("\u202e", "\u2066", "\u2069", "\u200b", "\ufeff", "\u2028", "\x1b", "\x9b", "\x07")
ALL = "\n\n".join(PAYLOADS)


def hostile() -> Texts:
    """Every text of a run full of them, file names and test names too."""
    line = " ".join(PAYLOADS[:-1]).replace("\n", " ")
    name = "a<img src=x onerror=window.pwned=1 data-evil=1>\u202e'\".py"
    encodable = ALL.encode("utf-8", "replace").decode().replace("\0", "")
    return Texts(
        issue=f"<script>window.pwned=1</script> the issue\n\n{ALL}\n\n```\n{ALL}\n```",
        path=name,
        code=f'x = """{encodable}"""\n',
        strategy=ALL,
        note=line[:800],
        test=f"tests/test_x.py::test[{line[:300]}]",
        output=ALL,
        critique=ALL,
        answer=ALL,
        failure=line[:600],
    )
