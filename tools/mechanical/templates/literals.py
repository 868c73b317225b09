"""Literals: strings, formats and regular expressions."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tools.mechanical.site import Draft, Site

MAX_LITERALS = 8
FLAGS = ("re.IGNORECASE", "re.UNICODE", "re.DOTALL", "re.MULTILINE")
_SPECIAL = re.compile(r"(?<!\\)[.+*?$^|]|\\[sdwSDWbBZ]|\[\^?[^\]]*\]|\)")
_CLASS = re.compile(r"(?<!\\)\[\^?(?P<inner>(?:\\.|[^\]\\])+)\]")
_ITEM = re.compile(r"\\.|.-[^\]]|.", re.DOTALL)
_GROUP = re.compile(r"\((?:\?:|\?P<\w+>)?(?P<inner>[^()]+)\)")
_STRING = re.compile(r"""(?P<prefix>[a-zA-Z]*)(?P<quote>'''|\"\"\"|'|\")(?P<body>.*)(?P=quote)\Z""", re.DOTALL)


def regex(site: Site) -> Iterator[Draft]:
    """A regular expression with one part changed: anchors, quantifiers, classes, escapes."""
    for node in site.nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _looks_like_regex(site, node):
            match = _STRING.match(site.text(node))
            if match is None:
                continue
            at = site.source.span(node)[0] + len(site.text(node)[: match.start("body")].encode())
            body = match["body"]
            for token in _SPECIAL.finditer(body):
                for rank, other in enumerate(_rivals(token.group(), body[token.end() : token.end() + 1])):
                    start = at + len(body[: token.start()].encode())
                    yield Draft(start, start + len(token.group().encode()), other, 0.85**rank)
            for before, after in (
                ("^", ""),
                ("", "$"),
                ("", r"\Z"),
                ("", r"\b"),
                (r"\b", ""),
                (r"\s*", ""),
                ("", r"\s*"),
            ):
                text = before + body + after
                yield Draft(at, at + len(body.encode()), text, 0.5)


def character(site: Site) -> Iterator[Draft]:
    """A character more, less or another one in a class of a regular expression, or a class in the place of a range."""
    for at, body in _regexes(site):
        used = [each for each in dict.fromkeys(body) if not each.isalnum() and each not in "[]()?*+{}|^$\\ "]
        for match in _CLASS.finditer(body):
            inner, start = match["inner"], at + len(body[: match.start("inner")].encode())
            end = start + len(inner.encode())
            for part in _ITEM.finditer(inner):
                kept = inner[: part.start()] + inner[part.end() :]
                if kept and kept != "^":
                    yield Draft(start, end, kept, 0.9)
            for old, new in (("a-z", "\\w"), ("A-Z", "\\w"), ("0-9", "\\d"), ("a-zA-Z", "\\w"), ("A-Za-z", "\\w")):
                if old in inner:
                    yield Draft(start, end, inner.replace(old, new), 0.6)
            extras = [*used, "-", ".", "_", "'", "`", "\\s", "\\n", "\\r", "\\d", "\\w", "a-z", "A-Z", "0-9"]
            for rank, extra in enumerate([each for each in dict.fromkeys(extras) if each not in inner][:12]):
                yield Draft(end, end, "\\-" if extra == "-" else extra, 0.7 * 0.9**rank)


def alternative(site: Site) -> Iterator[Draft]:
    """An alternation put into a group, an alternative less, the ends of the text for those of a line."""
    for at, body in _regexes(site):
        whole = at, at + len(body.encode())
        if "|" in body and not body.startswith("(?:"):
            yield Draft(*whole, f"(?:{body})")
            yield Draft(*whole, f"({body})", 0.8)
        for match in _GROUP.finditer(body):
            choices = match["inner"].split("|")
            start = at + len(body[: match.start("inner")].encode())
            for choice in choices if len(choices) > 1 else ():
                kept = "|".join(each for each in choices if each is not choice)
                yield Draft(start, start + len(match["inner"].encode()), kept, 0.6)
        if body.startswith("^") and body.endswith("$"):
            yield Draft(*whole, rf"\A{body[1:-1]}\Z")
    for node in site.nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "join":
            if isinstance(node.func.value, ast.Constant) and node.func.value.value == "|":
                around = _sum(site, node)
                yield site.replace(around, f"'(?:' + {site.text(around)} + ')'")
                yield site.replace(around, f"'(' + {site.text(around)} + ')'", 0.9)
        elif isinstance(node, ast.Constant) and node.value in ("^", "$"):
            yield site.replace(node, r"r'\A'" if node.value == "^" else r"r'\Z'")


def _sum(site: Site, node: ast.expr) -> ast.expr:
    """The sum that a value is a part of."""
    parent = site.source.parents.get(node)
    while isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Add):
        node, parent = parent, site.source.parents.get(parent)
    return node


def _regexes(site: Site) -> Iterator[tuple[int, str]]:
    """Where the body of each regular expression of the statement starts, and its text."""
    for node in site.nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _looks_like_regex(site, node):
            match = _STRING.match(site.text(node))
            if match is not None:
                yield site.source.span(node)[0] + len(site.text(node)[: match.start("body")].encode()), match["body"]


def regex_flags(site: Site) -> Iterator[Draft]:
    """A flag more, or less, in a call of the re module."""
    for node in site.nodes:
        if isinstance(node, ast.Call) and site.text(node.func).startswith("re.") and node.args:
            last = node.args[-1]
            if "re." in site.text(last) and len(node.args) > 1:
                for flag in FLAGS:
                    yield site.replace(last, f"{site.text(last)} | {flag}")
            else:
                end = site.source.span(node)[1] - 1
                for flag in FLAGS:
                    yield Draft(end, end, f", {flag}" if site.text(node.func) == "re.compile" else f", flags={flag}")


def string(site: Site) -> Iterator[Draft]:
    """Another string: one that the function or module uses, the other case, without or with white space."""
    pool = _strings(site)
    for node in site.nodes:
        if not (isinstance(node, ast.Constant) and isinstance(node.value, str)) or _in_text(site, node):
            continue
        value = node.value
        for rank, other in enumerate(each for each in dict.fromkeys(_variants(value)) if each != value):
            yield site.replace(node, _quoted(site, node, other), 0.9**rank)
        for rank, other in enumerate([each for each in pool if each != value][:MAX_LITERALS]):
            yield site.replace(node, _quoted(site, node, other), 0.8 * 0.85**rank)


def format_tuple(site: Site) -> Iterator[Draft]:
    """`"%s" % (x,)` for `"%s" % x`, which fails when x is a tuple."""
    for node in site.nodes:
        if (
            isinstance(node, ast.BinOp)
            and isinstance(node.op, ast.Mod)
            and not isinstance(node.right, ast.Tuple | ast.Dict)
        ):
            yield site.replace(node.right, f"({site.text(node.right)},)")


def add_element(site: Site) -> Iterator[Draft]:
    """One element more in a collection of constants: one that the module or function uses elsewhere."""
    for node in site.nodes:
        if isinstance(node, ast.Tuple | ast.List | ast.Set) and node.elts:
            known = {site.text(each) for each in node.elts}
            kinds = {type(each.value) for each in node.elts if isinstance(each, ast.Constant)}
            extras = [repr(each) for each in _strings(site)] if kinds == {str} else []
            extras += ["None", "''"] if kinds else []
            end = site.source.span(node.elts[-1])[1]
            for rank, extra in enumerate([each for each in extras if each not in known][:MAX_LITERALS]):
                yield Draft(end, end, f", {extra}", 0.85**rank)


def _variants(value: str) -> Iterator[str]:
    yield from (value.strip(), value + " ", " " + value, value.lower(), value.upper(), value + "\n")
    yield from (value.rstrip("\n"), value[:-1], value[1:], "", value + "s", "_" + value)
    for old, new in (("%s", "%r"), ("%s", "%d"), ("{}", "{!r}"), ("-", "_"), ("_", "-")):
        yield value.replace(old, new)


def _rivals(token: str, following: str) -> tuple[str, ...]:
    if token.startswith("["):
        inner = token[1:-1]
        classes = [f"[{inner}{extra}]" for extra in ("_", "\\-", ".", "\\s", " ", "0-9", "\\w")]
        return (*classes, f"{token}+", f"{token}*")
    if token == ")":
        return (")?", ")*", ")+")
    rivals = {
        "+": ("*", "+?", "", "?", "\\+"),
        "*": ("+", "*?", "", "?", "\\*"),
        "?": ("", "*", "\\?"),
        ".": ("\\.", "[^\\n]", ""),
        "$": ("\\Z", "", "\\$"),
        "^": ("", "\\A", "\\^"),
        "|": ("\\|", ""),
        "\\s": (" ", "\\s*", "\\s+", "\\S"),
        "\\d": ("\\d+", "[0-9]", "\\w", "\\d*"),
        "\\w": ("\\S", "[^\\W\\d]", "[\\w-]", "\\w+", "\\w*", "."),
        "\\b": ("", "\\B"),
        "\\Z": ("$",),
    }
    lazy = ("",) if token in "+*" and following == "?" else ()
    return rivals.get(token, ()) + lazy


def _looks_like_regex(site: Site, node: ast.Constant) -> bool:
    for around in site.source.ancestors(node):
        if isinstance(around, ast.stmt):
            break
        if isinstance(around, ast.Call) and site.text(around.func).startswith(("re.", "regex.")):
            return True
    return "r" in site.text(node)[:2].lower() and _SPECIAL.search(str(node.value)) is not None


def _strings(site: Site) -> list[str]:
    near = [node.value for node in site.scope_nodes if isinstance(node, ast.Constant)]
    return [value for value in dict.fromkeys(near) if isinstance(value, str) and len(value) < 30 and "\n" not in value]


def _in_text(site: Site, node: ast.Constant) -> bool:
    parent = site.source.parents.get(node)
    return isinstance(parent, ast.JoinedStr | ast.Expr)


def _quoted(site: Site, node: ast.Constant, value: str) -> str:
    text = repr(value)
    if site.text(node).lstrip("rRbBuUfF").startswith('"') and '"' not in value and "'" not in value:
        return '"' + text[1:-1] + '"'
    return text
