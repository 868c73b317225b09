"""Where an evolution keeps what."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from agent.batch.layout import folder_name
from agent.store.folder import RunFolder


@dataclass(frozen=True)
class EvolutionFolder:
    """The layout of an evolution's output folder."""

    root: Path

    @property
    def archive(self) -> Path:
        """Designs, results, the plan and the end (SQLite)."""
        return self.root / "archive.db"

    @property
    def meta(self) -> Path:
        """The run store of the meta agent: every call that wrote a design."""
        return self.root / "meta.db"

    @property
    def memory(self) -> Path:
        """Test runs, remembered for all designs."""
        return self.root / "executions.db"

    @property
    def report(self) -> Path:
        """The report, as Markdown."""
        return self.root / "report.md"

    @property
    def lock(self) -> Path:
        """Who uses the folder."""
        return self.root / "lock"

    def code(self, design: str) -> Path:
        """The file of a design, for those who want to read or run it."""
        return self.root / "designs" / f"{design}.py"

    def run(self, design: str, task: str, seed: int) -> RunFolder:
        """The run of a design on a task."""
        return RunFolder(self.root / "runs" / design / f"{folder_name(task)}~{seed}")
