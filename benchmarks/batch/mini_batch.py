"""The batch runner of mini-swe-agent, at the work that `orchestration.py` gives to Treewright.

    python mini_batch.py FOLDER TASKS CALLS JOBS ADDRESS

Runs in an environment of its own that has mini-swe-agent. Its command and its agent are used as they are; commands go
nowhere, so that as there nothing but asking the model is measured.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

CONFIG: dict[str, dict[str, Any]] = {
    "agent": {"system_template": "You help.", "instance_template": "{{task}}", "cost_limit": 0},
    "model": {"model_class": "litellm_textbased", "cost_tracking": "ignore_errors"},
}


class Nowhere:
    """Runs nothing."""

    def __init__(self, **options: Any) -> None:
        self.options = options

    def execute(self, action: dict[str, Any], cwd: str = "") -> dict[str, Any]:
        """Nothing happens."""
        return {"output": "", "returncode": 0, "exception_info": ""}

    def get_template_vars(self, **more: Any) -> dict[str, Any]:
        """For its templates."""
        return more

    def serialize(self) -> dict[str, Any]:
        """For its trajectory."""
        return {}


def main() -> None:
    folder, tasks, calls, jobs, address = Path(sys.argv[1]), *map(int, sys.argv[2:5]), sys.argv[5]
    data = folder / "data"
    data.mkdir(parents=True)
    rows = ({"instance_id": f"task-{n}", "problem_statement": f"issue {n}"} for n in range(tasks))
    (data / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    config = folder / "config.yaml"  # JSON is YAML
    config.write_text(json.dumps({**CONFIG, "agent": {**CONFIG["agent"], "step_limit": calls}}))
    os.environ |= {"OPENAI_API_BASE": f"{address}/v1", "OPENAI_API_KEY": "none", "MSWEA_CONFIGURED": "true"}
    os.environ |= {"MSWEA_COST_TRACKING": "ignore_errors", "MSWEA_SILENT_STARTUP": "1"}
    from minisweagent.run.benchmarks.swebench import app

    chosen = ["--subset", str(data), "--split", "train", "--workers", str(jobs), "--output", str(folder / "out")]
    app([*chosen, "--model", "openai/instant", "--environment-class", "mini_batch.Nowhere", "--config", str(config)])


if __name__ == "__main__":
    main()
