"""Where a run keeps what."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

RUN = "run"
"""The name of the one run that a run folder's store holds."""


@dataclass(frozen=True)
class RunFolder:
    """The layout of a run's output folder."""

    root: Path

    @property
    def store(self) -> Path:
        """The run store (SQLite)."""
        return self.root / "run.db"

    @property
    def git(self) -> Path:
        """The bare repository that holds the snapshots."""
        return self.root / "git"

    @property
    def workspaces(self) -> Path:
        """Materialised copies of the repository."""
        return self.root / "workspaces"

    @property
    def probe(self) -> Path:
        """The test runner's own files."""
        return self.root / "probe"

    @property
    def reports(self) -> Path:
        """Where runners write their reports."""
        return self.root / "reports"

    @property
    def lock(self) -> Path:
        """Who uses the folder."""
        return self.root / "lock"

    @property
    def patch(self) -> Path:
        """The final patch, `git apply`-able."""
        return self.root / "patch.diff"

    @property
    def outcome(self) -> Path:
        """The outcome, as JSON."""
        return self.root / "outcome.json"
