"""Which Python files import which, read from their text without running anything."""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict, deque
from collections.abc import Collection, Iterator

from tools.files import FileReader, read_all
from tools.testing.naming import is_test_support

# Statements are found by pattern: parsing a large repository takes a minute, and a file with a syntax error still
# has imports. What a docstring shows as an example counts too, which says something true about the file.
STATEMENT = re.compile(
    rb"^[ \t]*(?:from[ \t]+(?P<module>\.*[\w.]*)[ \t]+import[ \t]*"
    rb"(?P<names>\([^)]*\)|(?:[^\n\\#;]|\\\r?\n)*)"
    rb"|import[ \t]+(?P<modules>(?:[^\n\\#;]|\\\r?\n)+))",
    re.MULTILINE,
)
COMMENT = re.compile(rb"#[^\n]*")
MOST_FILES = 20_000
"""More than this many are not read: of a larger repository the tests, and what lies nearest to the targets."""
NAME = re.compile(rb"^\s*([\w.]+|\*)(?:\s+as\s+\w+)?\s*$")


class ImportGraph:
    """The imports between the Python files of a repository.

    A name that a package's `__init__` takes from one of its modules leads to that module; a `conftest.py` counts as
    imported by everything in and below its folder.
    """

    def __init__(self, files: FileReader) -> None:
        self._files = files
        self._paths = [path for path in sorted(files.paths()) if path.endswith(".py")]
        self._known = set(self._paths)
        self._modules = self._name_modules()
        self._imports: dict[str, dict[str, set[str]]] = {}

    def _name_modules(self) -> dict[str, str]:
        """Dotted name -> path: from the top package, and from the root of the repository."""
        modules: dict[str, str] = {}
        for path in self._paths:
            stem = path[:-3].removesuffix("/__init__")
            top = posixpath.dirname(path)
            while top and f"{top}/__init__.py" in self._known:
                top = posixpath.dirname(top)
            for root in (top, "", "src", "lib"):
                if not root or stem.startswith(root + "/"):
                    name = stem[len(root) + 1 :] if root else stem
                    modules.setdefault(name.replace("/", "."), path)
        return modules

    def imports(self, path: str) -> dict[str, set[str]]:
        """The files that `path` imports, each with the names it takes from there ("" for the module itself)."""
        if path not in self._imports:
            self._imports[path] = self._imports_of(path, self._files.read(path))
        return self._imports[path]

    def _imports_of(self, path: str, text: bytes) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for module, name in imported_names(text):
            resolved = self._resolve(path, module, name)
            if resolved is not None and resolved[0] != path:
                found.setdefault(resolved[0], set()).add(resolved[1])
        return found

    def _resolve(self, path: str, module: str, name: str) -> tuple[str, str] | None:
        if module.startswith("."):
            rest = module.lstrip(".")
            folder = posixpath.dirname(path)
            for _ in range(len(module) - len(rest) - 1):
                folder = posixpath.dirname(folder)
            module = ".".join(filter(None, [folder.replace("/", "."), rest]))
        if name and f"{module}.{name}" in self._modules:
            return self._modules[f"{module}.{name}"], ""
        while module and module not in self._modules:
            module = module.rpartition(".")[0]
        return (self._modules[module], name) if module else None

    def _importers(self, targets: Collection[str]) -> dict[str, set[str]]:
        """Path -> the files that import it, also by a name that a package hands on."""
        read = self._paths
        if len(read) > MOST_FILES:
            read = sorted(read, key=lambda path: (not is_test_support(path), -_shared(path, targets), path))
            read = sorted(read[:MOST_FILES])
        new = [path for path in read if path not in self._imports]
        self._imports.update((path, self._imports_of(path, text)) for path, text in read_all(self._files, new))
        importers: dict[str, set[str]] = defaultdict(set)
        for path in read:
            for target, taken in self.imports(path).items():
                importers[target].add(path)
                if target.endswith("__init__.py") and taken != {""}:
                    for source, handed in self.imports(target).items():
                        if "*" in taken or "*" in handed or taken & handed:
                            importers[source].add(path)
        return importers

    def distances(self, targets: Collection[str], *, depth: int = 3) -> dict[str, int]:
        """How many imports each file is away from the nearest of `targets`, up to `depth`; the targets are 0 away."""
        importers = self._importers(targets)
        found = dict.fromkeys(sorted(targets), 0)
        queue = deque(found)
        while queue:
            target = queue.popleft()
            for path in sorted(importers[target]) if found[target] < depth else ():
                if path not in found:
                    found[path] = found[target] + 1
                    queue.append(path)
        return self._with_conftests(found, depth)

    def _with_conftests(self, found: dict[str, int], depth: int) -> dict[str, int]:
        conftests = [path for path in found if posixpath.basename(path) == "conftest.py" and found[path] < depth]
        for conftest in sorted(conftests, key=lambda path: (found[path], path)):
            folder = posixpath.dirname(conftest)
            for path in self._paths:
                if not folder or path.startswith(folder + "/"):
                    found[path] = min(found.get(path, depth), found[conftest] + 1)
        return found


def _shared(path: str, targets: Collection[str]) -> int:
    """How many characters of its folders a path shares with the nearest of `targets`."""
    return max((len(posixpath.commonprefix([path, target])) for target in targets), default=0)


def imported_names(text: bytes) -> Iterator[tuple[str, str]]:
    """(module, name) of each import in a source text; the name is "" for `import module`."""
    for statement in STATEMENT.finditer(text):
        module = statement["module"]
        listed = statement["modules"] if module is None else statement["names"]
        for part in COMMENT.sub(b"", listed).replace(b"\\", b" ").strip(b"() \t\r\n").split(b","):
            name = NAME.match(part)
            if name is None:
                continue
            said = name[1].decode("ascii", "replace")
            yield (said, "") if module is None else (module.decode("ascii", "replace"), said)
