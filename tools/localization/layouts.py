"""Which files includes of C, packages of Go and paths of Rust mean: by the layout that each language prescribes.

What lies outside the repository means none, also when a file here has its last name: `errors` of Go is no `errors.go`.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from tools.localization.index import Index

if TYPE_CHECKING:
    from tools.localization.tags import Import

LAYOUTS = {"c": "c", "cpp": "c", "go": "go", "rust": "rust"}
"""Languages to the layout they follow."""
MAX_HOPS = 4
_ROOTS = {"mod", "lib", "main"}


class Layouts:
    """Imports to numbers of files, for one index."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._folders: dict[str, list[int]] = {}
        self._ends: dict[str, list[str]] = {}
        self._crates: dict[str, str] = {}
        for file in index.files:
            folder, _, name = file.path.rpartition("/")
            layout = LAYOUTS.get(file.language, "")
            if layout == "go" and not file.test:
                self._folders.setdefault(folder, []).append(file.number)
            elif layout == "c":
                self._ends.setdefault(name, []).append(file.path)
            elif name == "lib.rs" and folder.endswith("/src"):
                crate = folder.removesuffix("/src").rpartition("/")[2]
                self._crates.setdefault(crate.replace("-", "_"), folder)

    def files(self, path: str, layout: str, item: Import) -> list[int]:
        """The files that an import in the file `path` takes its name from; none for what is not of the repository."""
        if layout == "go":
            return self._package(item.module)
        return self._include(path, item.module) if layout == "c" else self._path(path, item, MAX_HOPS)

    def _package(self, module: str) -> list[int]:
        """The files of a package of Go: the one called like it if there is one, else all."""
        parts = module.split("/")
        if "." not in parts[0]:
            return []
        for cut in range(1, len(parts) + 1):
            numbers = self._folders.get("/".join(parts[cut:]), [])
            named = [number for number in numbers if self._stem(number) == parts[-1]]
            if named or (numbers and cut < len(parts)):
                return named or numbers
        return []

    def _stem(self, number: int) -> str:
        return posixpath.basename(self._index.files[number].path).partition(".")[0]

    def _include(self, path: str, name: str) -> list[int]:
        """A header, beside the file or by the end of its path, and what is called like it in its folder."""
        beside = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
        plain = posixpath.normpath(name)
        ends = [end for end in self._ends.get(posixpath.basename(name), ()) if f"/{end}".endswith(f"/{plain}")]
        found = [beside] if beside in self._index.by_path else ends[:1] if len(ends) == 1 else []
        return [
            self._index.by_path[each].number
            for header in found
            for each in dict.fromkeys([header, *(posixpath.splitext(header)[0] + end for end in (".c", ".cc", ".cpp"))])
            if each in self._index.by_path
        ]

    def _path(self, path: str, item: Import, hops: int) -> list[int]:
        """The file of a path of Rust: its longest beginning that is a module, or what that module takes it from."""
        parts = [part for part in f"{item.module}.{item.name}".split(".") if part and part != "*"]
        folder, stem = posixpath.dirname(path), posixpath.basename(path).removesuffix(".rs")
        base = folder if stem in _ROOTS else posixpath.join(folder, stem)
        least = 0
        if parts[:1] == ["crate"]:
            above, found, _ = f"/{path}".rpartition("/src/")
            base, parts = (above + found).strip("/"), parts[1:]
        elif parts[:1] == ["self"]:
            parts = parts[1:]
        elif parts and parts[0] in self._crates:
            base, parts = self._crates[parts[0]], parts[1:]
        elif parts[:1] != ["super"]:
            least = 1
        while parts[:1] == ["super"]:
            base, parts = posixpath.dirname(base), parts[1:]
        for cut in range(len(parts), least - 1, -1):
            module = posixpath.join(base, *parts[:cut])
            names = (f"{module}.rs", *(posixpath.join(module, f"{root}.rs") for root in ("mod", "lib", "main")))
            for home in names:
                if home in self._index.by_path:
                    return self._given(home, parts[cut] if cut < len(parts) else "", hops)
        return []

    def _given(self, home: str, name: str, hops: int) -> list[int]:
        number = self._index.by_path[home].number
        if name and hops and number not in set(self._index.defining(name)):
            for item in self._index.tags([number])[number].imports:
                if (item.alias or item.name) == name and (found := self._path(home, item, hops - 1)):
                    return found
        return [number]
