"""The import graph of a repository with more files than are worth reading."""

from collections.abc import Sequence

import pytest

from tools.testing import imports
from tools.testing.imports import ImportGraph


class Counted:
    """Files in memory that count how often each is read."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.reads: list[str] = []

    def paths(self) -> Sequence[str]:
        return sorted(self.files)

    def exists(self, path: str) -> bool:
        return path in self.files

    def is_link(self, path: str) -> bool:
        return False

    def read(self, path: str) -> bytes:
        self.reads.append(path)
        return self.files[path]


def test_the_tests_and_the_nearest_files_are_read_once_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "MOST_FILES", 5)
    files = Counted(
        {f"far/away/m{number}.py": b"import shop.price\n" for number in range(50)}
        | {"shop/__init__.py": b"", "shop/price.py": b"", "shop/cart.py": b"from shop import price\n"}
        | {"tests/test_cart.py": b"import shop.cart\n", "tests/test_price.py": b"from shop.price import total\n"}
    )
    graph = ImportGraph(files)
    distances = graph.distances(["shop/price.py"])
    assert distances["tests/test_price.py"] == distances["shop/cart.py"] == 1
    assert distances["tests/test_cart.py"] == 2
    assert len(files.reads) == len(set(files.reads)) == 5
    graph.distances(["shop/cart.py"])
    assert len(files.reads) == 5
