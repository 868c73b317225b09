"""Which Python files import which, read from their syntax without running anything."""

from __future__ import annotations

import ast
import posixpath
from collections import deque
from collections.abc import Collection, Iterator

from tools.files import FileReader

MAX_PARSED = 4000


class ImportGraph:
    """The imports between the Python files of a repository, parsed when they are asked for.

    A name that a package's `__init__` takes from one of its modules leads to that module; a `conftest.py` counts as
    imported by everything in and below its folder.
    """

    def __init__(self, files: FileReader) -> None:
        self._files = files
        self._paths = [path for path in files.paths() if path.endswith(".py")]
        self._known = set(self._paths)
        self._modules = self._name_modules()
        self._imports: dict[str, dict[str, set[str]]] = {}
        self._texts: dict[str, bytes] = {}

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
            self._imports[path] = {}
            for module, name in self._imported(path):
                found = self._resolve(path, module, name)
                if found is not None:
                    target, taken = found
                    if target != path:
                        self._imports[path].setdefault(target, set()).add(taken)
        return self._imports[path]

    def _imported(self, path: str) -> Iterator[tuple[str, str]]:
        try:
            tree = ast.parse(self._text(path))
        except (SyntaxError, ValueError, RecursionError):
            return
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield alias.name, ""
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    yield "." * node.level + (node.module or ""), alias.name

    def _resolve(self, path: str, module: str, name: str) -> tuple[str, str] | None:
        if module.startswith("."):
            level = len(module) - len(module.lstrip("."))
            folder = posixpath.dirname(path)
            for _ in range(level - 1):
                folder = posixpath.dirname(folder)
            rest = module[level:]
            module = ".".join(filter(None, [folder.replace("/", "."), rest]))
        if name and f"{module}.{name}" in self._modules:
            return self._modules[f"{module}.{name}"], ""
        while module and module not in self._modules:
            module = module.rpartition(".")[0]
        return (self._modules[module], name) if module else None

    def _text(self, path: str) -> bytes:
        if path not in self._texts:
            self._texts[path] = self._files.read(path)
        return self._texts[path]

    def distances(self, targets: Collection[str], *, depth: int = 3) -> dict[str, int]:
        """How many imports each file is away from the nearest of `targets`, up to `depth`; the targets are 0 away.

        Only files whose text has the last part of a module's name are parsed.
        """
        found = dict.fromkeys(sorted(targets), 0)
        queue = deque(path for path in sorted(targets) if path.endswith(".py"))
        while queue:
            target = queue.popleft()
            if found[target] >= depth or len(self._imports) > MAX_PARSED:
                continue
            for path in self._importers(target):
                if path not in found:
                    found[path] = found[target] + 1
                    queue.append(path)
        return self._with_conftests(found, depth)

    def _importers(self, target: str) -> Iterator[str]:
        stem = target[:-3].removesuffix("/__init__")
        word = posixpath.basename(stem).encode()
        package = posixpath.dirname(target) + "/__init__.py"
        exported: set[str] = self.imports(package).get(target, set()) if package in self._known else set()
        words = [name.encode() for name in exported if name != "*"]
        for path in self._paths:
            text = self._text(path)
            direct = word in text and target in self.imports(path)
            likely = "*" in exported or any(name in text for name in (*words, b"*"))
            if direct or (exported and likely and self._takes(path, package, exported)):
                yield path

    def _takes(self, path: str, package: str, exported: set[str]) -> bool:
        """Whether `path` imports from `package` a name that its `__init__` has from elsewhere."""
        taken = self.imports(path).get(package, set())
        return bool(taken & exported or "*" in taken or ("*" in exported and taken - {""}))

    def _with_conftests(self, found: dict[str, int], depth: int) -> dict[str, int]:
        conftests = [path for path in found if posixpath.basename(path) == "conftest.py" and found[path] < depth]
        for conftest in sorted(conftests, key=lambda path: (found[path], path)):
            folder = posixpath.dirname(conftest)
            for path in self._paths:
                if not folder or path.startswith(folder + "/"):
                    found[path] = min(found.get(path, depth), found[conftest] + 1)
        return found
