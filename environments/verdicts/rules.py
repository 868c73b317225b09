"""Which parts of a patch are graded: sources; not tests, the runner's settings, or what Python obeys at its start."""

from __future__ import annotations

import posixpath
import sys
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

from tools.snapshots.paths import folders_of
from tools.testing.naming import TEST_FOLDERS, is_test_file

SETTINGS = frozenset(
    {
        *("conftest.py", "pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml", "tox.ini", "setup.cfg"),
        *("pyproject.toml", "tox.toml", "noxfile.py", ".coveragerc", "nose.cfg", ".noserc", "unittest.cfg"),
    }
)
START_UP = frozenset({"sitecustomize.py", "usercustomize.py", "pyvenv.cfg", "entry_points.txt"})
START_UP_SUFFIXES = (".pth", ".egg-link", "._pth")
COMPILED = (".pyc", ".pyo", ".so", ".pyd", ".dll", ".dylib")
METADATA = (".egg-info", ".dist-info")
IMPORT_ROOTS = ("", "src", "lib", "python")
FRAMEWORKS = frozenset(
    {
        "pytest",
        "_pytest",
        "py",
        "pluggy",
        "iniconfig",
        "packaging",
        "exceptiongroup",
        "tomli",
        "hypothesis",
        "nose",
        "mock",
    }
)
GONE = frozenset(
    {"imp", "distutils", "asyncore", "asynchat", "smtpd", "binhex", "formatter", "parser", "symbol", "macpath"}
)
STANDARD = frozenset(sys.stdlib_module_names) | GONE


@dataclass(frozen=True)
class Rules:
    """The rules for one repository.

    Attributes:
        base: paths of the base commit.
        installed: top-level names of installed packages, which a file of the patch must not stand in for.
        products: paths of what the set-up left in the work tree.
        run: test files that will run.
    """

    base: Collection[str]
    installed: Collection[str] = ()
    products: Collection[str] = ()
    run: Collection[str] = ()

    def sort_out(self, changed: Mapping[str, bool]) -> tuple[list[str], dict[str, str]]:
        """Divides the paths that a patch changes.

        Args:
            changed: path to whether it is there afterwards.

        Returns:
            The paths that count, sorted, and each of the others with the reason.
        """
        kept, left_out = [], {}
        for path in sorted(changed):
            reason = self._reason(path, there=changed[path])
            if reason:
                left_out[path] = reason
            else:
                kept.append(path)
        remaining = (set(self.base) - {path for path in kept if not changed[path]}) | {
            path for path in kept if changed[path]
        }
        folders = folders_of(remaining)
        for path in [path for path in kept if changed[path] and (path in folders or folders_of([path]) & remaining)]:
            kept.remove(path)
            left_out[path] = "stands where a folder is, or in the way of one"
        return kept, left_out

    def _reason(self, path: str, *, there: bool) -> str:
        pure = PurePosixPath(path)
        name = pure.name
        if name in SETTINGS:
            return "settings of the test runner come from the base"
        if name in START_UP or name.endswith(START_UP_SUFFIXES):
            return "read by Python at its start"
        if any(part.endswith(METADATA) for part in pure.parts):
            return "metadata of a package, which may name plug-ins"
        if name.endswith(COMPILED) or "__pycache__" in pure.parts:
            return "compiled code"
        if is_test_file(path) or self._among_tests(path):
            return "tests come from the base and the hidden tests"
        if self._is_product(path):
            return "belongs to what the set-up installed"
        if there and path not in self.base and (shadowed := self._shadows(path)):
            return f"would be imported in place of {shadowed}"
        return ""

    def _among_tests(self, path: str) -> bool:
        parts = PurePosixPath(path).parts
        return any(
            parts[index] in TEST_FOLDERS and "/".join(parts[: index + 1]) in self._test_folders
            for index in range(len(parts) - 1)
        )

    @cached_property
    def _test_folders(self) -> frozenset[str]:
        """Folders with a test-like name that hold tests: `django/test` does not, though it is named so.

        Tests in a test folder of its own inside do not count: `sympy/testing/tests` makes no tests of `sympy/testing`.
        """
        found = set()
        for path in {*self.base, *self.run}:
            if is_test_file(path) or path in self.run:
                parts = PurePosixPath(path).parts[:-1]
                inner = next((at for at in reversed(range(len(parts))) if parts[at] in TEST_FOLDERS), None)
                if inner is not None:
                    found.add("/".join(parts[: inner + 1]))
        return frozenset(found)

    def _is_product(self, path: str) -> bool:
        return path in self._products or bool(folders_of([path]) & self._product_folders)

    @cached_property
    def _products(self) -> frozenset[str]:
        return frozenset(self.products)

    @cached_property
    def _product_folders(self) -> frozenset[str]:
        """Folders that the set-up made, with nothing of the base in them."""
        return frozenset(folders_of(self.products) - folders_of(self.base))

    def _shadows(self, path: str) -> str:
        for root in self._roots:
            inner = path[len(root) + 1 :] if root and path.startswith(f"{root}/") else ("" if root else path)
            top = inner.partition("/")[0].partition(".")[0]
            if top and top in self._taken and not self._has(root, top):
                return f"the module {top}"
        return ""

    @cached_property
    def _taken(self) -> frozenset[str]:
        return STANDARD | FRAMEWORKS | frozenset(self.installed)

    @cached_property
    def _roots(self) -> frozenset[str]:
        """Folders that imports may start from."""
        projects = {
            posixpath.dirname(path) for path in self.base if posixpath.basename(path) in ("setup.py", "setup.cfg")
        }
        return frozenset({*IMPORT_ROOTS, *projects, *(first_outside(path, self.base) for path in self.run)})

    def _has(self, root: str, top: str) -> bool:
        prefix = f"{root}/{top}" if root else top
        return any(path == f"{prefix}.py" or path.startswith(f"{prefix}/") for path in self.base)


def first_outside(path: str, paths: Collection[str]) -> str:
    """The folder that pytest and unittest put on sys.path for a test file: the first one that is no package."""
    folder = posixpath.dirname(path)
    while folder and f"{folder}/__init__.py" in paths:
        folder = posixpath.dirname(folder)
    return folder


def installed_names(packages: Iterable[str]) -> frozenset[str]:
    """Import names in listings of site-packages."""
    return frozenset(name.partition(".")[0] for name in packages if not name.startswith(("_", ".")) and "-" not in name)
