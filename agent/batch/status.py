"""What can become of a task."""

from __future__ import annotations

from typing import Literal, get_args

Ending = Literal["solved-candidate", "abstained", "failed-agent", "failed-infra", "unavailable"]
"""How a task ended.

solved-candidate: there is a patch that the run believes in; whether it is right is what evaluation says.
abstained: the run says that it has no patch it believes in.
failed-agent: the agent broke, or used its budget up before it had any candidate.
failed-infra: the machine, the sandbox, the network or the provider failed; nothing is known about the agent.
unavailable: the task cannot be set up here; not a failure of anybody.
"""
Status = Literal["pending", "running", "solved-candidate", "abstained", "failed-agent", "failed-infra", "unavailable"]

ENDINGS: tuple[Ending, ...] = get_args(Ending)
AGENT_ENDINGS: tuple[Ending, ...] = ("solved-candidate", "abstained", "failed-agent")
"""Those that say something about the agent: they are never repeated unless asked for."""
