"""A FileReader over a dictionary."""

from collections.abc import Mapping, Sequence


class MemoryFiles:
    def __init__(self, content: Mapping[str, bytes]) -> None:
        self.content = dict(content)

    def paths(self) -> Sequence[str]:
        return sorted(self.content)

    def exists(self, path: str) -> bool:
        return path in self.content

    def is_link(self, path: str) -> bool:
        return False

    def read(self, path: str) -> bytes:
        return self.content[path]
