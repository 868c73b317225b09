"""What JavaScript and TypeScript import: statements, re-exports, and `require` and `import` as calls."""

from __future__ import annotations

import re
from collections.abc import Iterator

Parts = tuple[str, str, str]  # module, name there ("" for the module or its default, "*" for all), name here

_FROM = re.compile(
    r"(?:import|export)\s+(?:type\s+|typeof\s+)?(?P<clause>.*?)\s*\bfrom\s*(['\"])(?P<module>[^'\"\n]+)\2", re.S
)
_REQUIRED = re.compile(r"import\s+(?:type\s+)?([\w$]+)\s*=\s*require\(\s*['\"]([^'\"\n]+)['\"]")
_PLAIN = re.compile(r"import\s*['\"]([^'\"\n]+)['\"]")
_NAMED = re.compile(r"(?:type\s+)?([\w$]+)(?:\s+as\s+([\w$]+))?")
_COMMENTS = re.compile(r"//[^\n]*|/\*.*?\*/", re.S)
_CALL = re.compile(
    rb"\b(?:require|import)\(\s*(?:/\*[^*]*\*/\s*)?['\"`]([^'\"`\n]{1,200})['\"`]\s*\)(?:\)?\.([\w$]+))?"
)
_BINDING = re.compile(r"(?:(?P<name>(?:module\.)?[\w$]+)|\{(?P<names>[^{}]*)\})\s*[:=]\s*(?:await|[\w$.]+\()?\(?$")
_BEFORE = 400
_BUILT_IN = {
    *("assert", "async_hooks", "buffer", "child_process", "cluster", "console", "constants", "crypto", "dgram", "dns"),
    *("domain", "events", "fs", "http", "http2", "https", "inspector", "module", "net", "os", "path", "perf_hooks"),
    *("process", "punycode", "querystring", "readline", "repl", "stream", "string_decoder", "timers", "tls", "tty"),
    *("url", "util", "v8", "vm", "worker_threads", "zlib"),
}


def read_statement(text: str) -> Iterator[Parts]:
    """What an `import` or an `export ... from` names."""
    if found := _FROM.match(text):
        yield from _clause(found["clause"], found["module"])
    elif found := _REQUIRED.match(text):
        yield found[2], "", found[1]
    elif found := _PLAIN.match(text):
        yield found[1], "", ""


def _clause(clause: str, module: str) -> Iterator[Parts]:
    outside, brace, names = _COMMENTS.sub("", clause).partition("{")
    for part in filter(None, map(str.strip, outside.split(","))):
        alias = part.partition(" as ")[2].strip() if part.startswith("*") else part
        yield module, "" if alias else "*", alias
    if brace:
        yield from _names(names.rpartition("}")[0], module)


def _names(names: str, module: str) -> Iterator[Parts]:
    found = [_NAMED.match(part.strip()) for part in names.split(",")]
    pairs = [(match[1], match[2] or "") for match in found if match]
    for name, alias in pairs:
        yield module, "" if name == "default" else name, alias
    if not pairs:
        yield module, "", ""


def required(source: bytes) -> Iterator[Parts]:
    """What calls of `require` and `import` load, at any depth, but for those in comments."""
    if b"require(" not in source and b"import(" not in source:
        return
    for call in _CALL.finditer(source):
        start = call.start()
        line = source[source.rfind(b"\n", 0, start) + 1 : start].lstrip()
        if line.startswith((b"*", b"//", b"/*")) or b"${" in call[1]:
            continue
        module, member = call[1].decode("utf-8", "replace"), (call[2] or b"").decode()
        text = source[max(0, start - _BEFORE) : start].rstrip()
        bound = text.endswith((b"=", b":", b"(", b"await"))
        before = _BINDING.search(text.decode("utf-8", "replace")) if bound else None
        if before is None:
            yield module, "", ""
        elif before["names"] is not None:
            yield from _names(before["names"].replace(":", " as "), module)
        elif before["name"] == "module.exports":
            yield module, member or "*", ""
        else:
            name = "" if member in {"default", "then"} else member
            yield module, name, before["name"] if before["name"] != name else ""


def package_paths(module: str) -> tuple[str, ...]:
    """Where in a repository a module may be that is named by its package or an alias, likeliest first.

    Packages of a workspace have their sources in `src`; `@/` and `~/` stand for a folder of sources. What Node has
    built in is nowhere.
    """
    scope, _, inside = module.partition("/")
    if scope in _BUILT_IN or scope.startswith("node:"):
        return ()
    if scope[:1] not in {"@", "~", "#"}:
        return (module, f"{module}/src/index") if inside else (f"{module}/src/index", module)
    package, _, rest = inside.partition("/")
    return (f"{package}/src/{rest}", f"{package}/{rest}") if rest else (f"{package}/src/index", package)
