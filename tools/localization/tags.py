"""Definitions and imports of one file, from its syntax tree."""

from __future__ import annotations

import functools
import json
import re
from typing import TYPE_CHECKING, NamedTuple

from tools.localization.bindings import BINDING, SCRIPTS, bound
from tools.localization.contents import first_argument, held_by_call, held_by_variable, kind_of_variable
from tools.localization.languages import BY_NAME, Language, parser_for
from tools.localization.naming import name_of, text_of
from tools.localization.script_imports import read_statement, required

if TYPE_CHECKING:
    from tree_sitter import Node

MAX_BYTES = 1_500_000
MAX_LINE = 20_000
MAX_DEFINITIONS = 20_000
_REMEMBERED = 20_000


class Definition(NamedTuple):
    """A named thing of a file.

    Attributes:
        kind: `function`, `method`, `class`, `variable`, ...; `test` for whatever is part of a test beside the code it
            tests. Functions inside functions belong to the outer one.
        name: qualified within the file, `Class.method`.
        start: first line, 1-based, decorators and attributes included.
        end: last line.
        bases: names of the base classes as written.
    """

    kind: str
    name: str
    start: int
    end: int
    bases: tuple[str, ...] = ()

    @property
    def simple(self) -> str:
        """The last part of the name."""
        return self.name.rpartition(".")[2]


class Import(NamedTuple):
    """`from module import name as alias`; `level` leading dots; an empty name imports the module itself."""

    module: str
    name: str = ""
    alias: str = ""
    level: int = 0


class Tags(NamedTuple):
    """What the syntax tree of a file says."""

    definitions: tuple[Definition, ...] = ()
    imports: tuple[Import, ...] = ()

    def packed(self) -> str:
        """As compact JSON."""
        return _ENCODER.encode(self)

    @classmethod
    def unpacked(cls, text: str) -> Tags:
        """From what `packed` wrote."""
        definitions, imports = json.loads(text)
        return cls(
            tuple([Definition(kind, name, start, end, tuple(bases)) for kind, name, start, end, bases in definitions]),
            tuple([Import(*values) for values in imports]),
        )


_ENCODER = json.JSONEncoder(separators=(",", ":"), check_circular=False)
_COMMENT_LINES = 1500
_COMMENT = re.compile(rb"[ \t]*(?:#|//|--|\*)")
_COMMENT_RUN = re.compile(rb"(?:^[ \t]*(?:#|//|--|\*)[^\n]*\n){%d}" % _COMMENT_LINES, re.M)


def is_generated(source: bytes) -> bool:
    """Whether a file is binary, minified or too big to be worth parsing, or holds a run of comment lines.

    The parser's time grows with the square of such a run: ten seconds for 6,000 lines.
    """
    return len(source) > MAX_BYTES or b"\0" in source[:8000] or _has_comment_run(source) or _has_long_line(source)


def _has_comment_run(source: bytes) -> bool:
    if source.count(b"\n") < _COMMENT_LINES:
        return False
    sample = source.split(b"\n")[_COMMENT_LINES - 1 :: _COMMENT_LINES]  # a run holds one of these lines
    return any(_COMMENT.match(line) for line in sample) and _COMMENT_RUN.search(source) is not None


def _has_long_line(source: bytes) -> bool:
    start = 0
    while len(source) - start > MAX_LINE:
        end = source.rfind(b"\n", start, start + MAX_LINE + 1)
        if end < 0:
            return True
        start = end + 1
    return False


def extract(source: bytes, language: str) -> Tags:
    """Parses `source`, which is not generated, and reads its tags; languages without a grammar have none."""
    parser = parser_for(language)
    if parser is None:
        return Tags()
    spec, roles = BY_NAME[language], _roles(language)
    definitions: list[Definition] = []
    imports: list[Import] = []
    tests: list[tuple[int, int]] = []
    stack: list[tuple[Node, str, int]] = [(parser.parse(source).root_node, "", 0)]
    while stack and len(definitions) < MAX_DEFINITIONS:
        node, owner, start = stack.pop()
        nested: list[tuple[Node, str, int]] = []
        attributes: list[Node] = []
        for child in node.children:  # `named_children` is quadratic in comments
            role = roles.get(child.kind_id)
            if role == "attributes":
                attributes.append(child)
            elif role == "defines":
                first = attributes[0].start_point[0] + 1 if attributes else start
                nested += _define(child, spec, owner, first, definitions)
                tests += _tests(child, attributes) if attributes else ()
            elif role == "binds":
                first = attributes[0].start_point[0] + 1 if attributes else start
                nested += _bind(child, owner, first, definitions)
            elif role == "imports" or (role == "exports" and child.child_by_field_name("source") is not None):
                imports += _read_imports(text_of(child), language)
            elif role == "calls":
                nested += _call(child, owner, definitions, imports)
            elif role and role != "comments":
                nested.append((child, owner, 0 if role == "contains" else child.start_point[0] + 1))
            if attributes and role not in _BEFORE:
                attributes = []
        stack += reversed(nested)
    definitions = [_tested(definition, tests) for definition in definitions] if tests else definitions
    definitions.sort(key=lambda definition: (definition.start, -definition.end, definition.name))
    if language in SCRIPTS:
        definitions = _without_overloads(definitions)
        imports += [Import(*parts) for parts in required(source)]
        imports = list(dict.fromkeys(imports))
    return Tags(tuple(definitions), tuple(imports))


_TESTS = re.compile(rb"#\[\s*(?:(?:\w+::)*\w*test\b|cfg\s*\(\s*(?:(?:all|any)\s*\(\s*)?test\b)")


_BEFORE = {"attributes", "comments"}


def _tests(node: Node, attributes: list[Node]) -> list[tuple[int, int]]:
    """The lines of a definition whose attributes say that it is part of a test."""
    marked = any(_TESTS.match(attribute.text or b"") for attribute in attributes)
    return [(node.start_point[0] + 1, node.end_point[0] + 1)] if marked else []


def _tested(definition: Definition, tests: list[tuple[int, int]]) -> Definition:
    """A definition as it is, or as one of a test when it lies in the lines of one."""
    if any(first <= definition.end <= last for first, last in tests):
        return definition._replace(kind="test")
    return definition


def _without_overloads(definitions: list[Definition]) -> list[Definition]:
    """Overloads with what implements them, and getters with setters, as one definition."""
    merged = definitions[:1]
    for found in definitions[1:]:
        last = merged[-1]
        if found[:2] == last[:2] and found.kind in _CALLABLE and last.end < found.start:
            merged[-1] = last._replace(end=found.end)
        else:
            merged.append(found)
    return merged


_CALLABLE = {"function", "method"}
_DECORATED = {"decorated_definition", "template_declaration", "type_declaration"}


@functools.cache
def _roles(language: str) -> dict[int, str]:
    """What nodes are to the walk, by the grammar's number of their type, which is cheaper to ask for than its name."""
    parser, spec = parser_for(language), BY_NAME[language]
    grammar = parser.language if parser else None
    roles: dict[int, str] = {}
    for number in range(grammar.node_kind_count) if grammar else ():
        kind = grammar.node_kind_for_id(number) if grammar else None
        if language in SCRIPTS and kind in BINDING:
            roles[number] = "binds"
        elif language in SCRIPTS and kind == "export_statement":
            roles[number] = "exports"
        elif kind in spec.definitions:
            roles[number] = "defines"
        elif kind in spec.imports:
            roles[number] = "calls" if kind == "call" else "imports"
        elif kind in spec.attributes:
            roles[number] = "attributes"
        elif spec.attributes and kind in _COMMENTS:
            roles[number] = "comments"
        elif kind in spec.containers:
            roles[number] = "decorates" if kind in _DECORATED else "contains"
    return roles


_COMMENTS = {"line_comment", "block_comment"}
_CLASSES = {"class", "struct", "interface", "trait", "impl", "enum", "module", "type"}


def _define(node: Node, spec: Language, owner: str, start: int, found: list[Definition]) -> list[tuple[Node, str, int]]:
    """Adds what `node` defines; returns what to descend into."""
    kind = spec.definitions[node.type]
    name = name_of(node)
    if name[:1] in {"'", '"'} and kind == "module":
        name = ""
    if kind == "variable" and spec.name in _VARIABLES_HOLD_CODE:
        kind = kind_of_variable(node)
    elif kind == "function" and owner and spec.name in _METHODS_ARE_FUNCTIONS:
        kind = "method"
    body = node.child_by_field_name("body") if kind in _CLASSES or not name else None
    if node.type in _MAY_BE_MENTIONED and node.child_by_field_name("body") is None:
        return []
    if not name or kind == "impl":
        return [(body or node, name or owner, 0)]
    qualified = f"{owner}.{name}" if owner else name
    if not (kind == "module" and spec.name == "typescript" and body is None):
        bases = _bases(node) if kind in _CLASSES else ()
        found.append(Definition(kind, qualified, start or node.start_point[0] + 1, node.end_point[0] + 1, bases))
    if kind not in _CLASSES:
        held = held_by_variable(node) if spec.name in _VARIABLES_HOLD_CLASSES else []
        return [(inside, qualified, 0) for inside in held]
    return [(body or node, owner if kind == "module" and spec.name in {"cpp", "csharp", "php"} else qualified, 0)]


def _bind(node: Node, owner: str, start: int, found: list[Definition]) -> list[tuple[Node, str, int]]:
    """As `_define`, for what a script binds to names."""
    nested = []
    for kind, name, inside, lines in bound(node, owned=bool(owner)):
        qualified = f"{owner}.{name}" if owner and name else owner or name
        if kind:
            bases = _bases(inside.parent) if kind == "class" and inside is not None and inside.parent else ()
            first = lines.start_point[0] + 1 if lines is not None else start or node.start_point[0] + 1
            found.append(Definition(kind, qualified, first, (lines or node).end_point[0] + 1, bases))
        if inside is not None:
            nested.append((inside, qualified, 0))
    return nested


def _call(node: Node, owner: str, found: list[Definition], imports: list[Import]) -> list[tuple[Node, str, int]]:
    """Adds what a call of Ruby defines or loads; returns what to descend into."""
    method = text_of(node.child_by_field_name("method"))
    if method in _LOADERS:
        imports += _read_imports(text_of(node), "ruby")
    elif method == "define_method" and (name := first_argument(node)):
        qualified = f"{owner}.{name}" if owner else name
        found.append(Definition("method", qualified, node.start_point[0] + 1, node.end_point[0] + 1))
    elif b"def" in (node.text or b""):
        return [(held, owner, 0) for held in held_by_call(node)]
    return []


_LOADERS = {"require", "require_relative", "load", "autoload"}
_MAY_BE_MENTIONED = {"mod_item", "class_specifier", "struct_specifier", "union_specifier", "enum_specifier"}
_VARIABLES_HOLD_CODE = {"go", "java", "csharp"}
_VARIABLES_HOLD_CLASSES = {"java", "ruby"}
_METHODS_ARE_FUNCTIONS = {"python", "rust", "cpp"}


def _bases(node: Node) -> tuple[str, ...]:
    for field in ("superclasses", "superclass", "interfaces", "bases"):
        if (listed := node.child_by_field_name(field)) is not None:
            return _base_names(text_of(listed))
    for child in node.named_children:
        if child.type in {"class_heritage", "base_class_clause", "base_list", "base_clause", "extends_type_clause"}:
            return _base_names(text_of(child))
    return ()


@functools.lru_cache(maxsize=_REMEMBERED)
def _base_names(text: str) -> tuple[str, ...]:
    found = re.findall(r"[A-Za-z_][\w.]*(?!\s*=|\w)", re.sub(r"\w+\s*=\s*[\w.]+", "", text[:1000]))
    return tuple(
        name for name in found if name not in {"extends", "implements", "public", "private", "protected", "virtual"}
    )[:12]


@functools.lru_cache(maxsize=_REMEMBERED)
def _read_imports(text: str, language: str) -> tuple[Import, ...]:
    """What an import statement imports; statements repeat, so that most are read once for many files."""
    if language == "python":
        return tuple(_python_imports(text))
    if language in SCRIPTS:
        return tuple(Import(*parts) for parts in read_statement(text))
    return tuple(_pathlike_imports(text) if language in _PATHLIKE else _quoted_imports(text))


_PATHLIKE = {"rust", "java", "csharp", "php"}


def _python_imports(text: str) -> list[Import]:
    text = text.replace("\\\n", " ")
    text = re.sub(r"#[^\n]*", "", text).replace("(", " ").replace(")", " ")
    if text.startswith("from"):
        head, _, names = text[4:].partition("import")
        module = head.strip()
        level = len(module) - len(module.lstrip("."))
        pairs = [part.split() for part in names.split(",")]
        return [
            Import(module.lstrip("."), pair[0], pair[-1] if len(pair) == 3 else "", level) for pair in pairs if pair
        ]
    pairs = [part.split() for part in text[6:].split(",")]
    return [Import(pair[0], "", pair[-1] if len(pair) == 3 else "") for pair in pairs if pair]


_QUOTED = re.compile(r"[\"'<]([^\"'<>\n]+)[\"'>]")


def _quoted_imports(text: str) -> list[Import]:
    return [Import(match[1]) for match in _QUOTED.finditer(text)]


def _pathlike_imports(text: str) -> list[Import]:
    r"""`use a::b::{C, D};`, `import a.b.C;`, `using A.B;`, `use A\B\C;`."""
    text = re.sub(
        r"^\s*(?:pub(?:\([^)]*\))?\s+)?(?:use|import|using)\s+(?:static\s+|function\s+|const\s+|\w+\s*=\s*)?", "", text
    ).rstrip("; \n")
    text = re.sub(r"::|\\", ".", re.sub(r"\s+as\s+\w+", "", text))
    pairs = (path.strip().removesuffix(".self").rpartition(".") for path in _expanded(text))
    return [Import(module, name) for module, _, name in pairs]


def _expanded(text: str) -> list[str]:
    """Paths without braces: `a.b`, `a.c.d`, `a.c.e` of `a.{b, c.{d, e}}`."""
    found: list[str] = []
    heads, head = [""], ""
    for token in re.split(r"([{},])", re.sub(r"//[^\n]*|\s+", "", text)):
        if token == "{":
            heads.append(heads[-1] + head)
        elif token in {"}", ","}:
            found += [heads[-1] + head] if head else []
            heads = heads[:-1] if token == "}" and len(heads) > 1 else heads
        if token:
            head = "" if token in "{}," else token
    return [*found, heads[-1] + head] if head else found
