"""What is known of a folder, so that what has not been touched need not be written again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from environments.workspaces.folder import Signature
from tools.snapshots.trees import Entry


class Known(NamedTuple):
    """What was last seen at a path: as long as the signature holds, the content is this blob."""

    entry: Entry
    signature: Signature


@dataclass(frozen=True)
class Memory:
    """What was last seen in a folder.

    Attributes:
        known: path to what it holds.
        copied: path of each build product to the signature of its copy.
    """

    known: Mapping[str, Known]
    copied: Mapping[str, Signature]

    def text(self) -> str:
        """All of it as JSON."""
        known = {path: (*entry, *signature) for path, (entry, signature) in self.known.items()}
        return json.dumps({"known": known, "copied": dict(self.copied)})

    @classmethod
    def parse(cls, text: str) -> Memory:
        """What `text` made.

        Raises:
            ValueError, TypeError, KeyError: it did not.
        """
        data = json.loads(text)
        known = {
            path: Known(Entry(mode, blob), _signature(seen)) for path, (mode, blob, *seen) in data["known"].items()
        }
        return cls(known, {path: _signature(seen) for path, seen in data["copied"].items()})


def _signature(seen: list[int]) -> Signature:
    mode, size, modified, changed, inode = seen
    return mode, size, modified, changed, inode
