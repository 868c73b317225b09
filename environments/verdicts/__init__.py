"""Verdicts: whether a patch makes hidden tests pass, judged so that the patch has no say in it."""

from environments.verdicts.judge import Court, Verdict

__all__ = ["Court", "Verdict"]
