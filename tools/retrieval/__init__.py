"""Retrieval for writing code: functions of the repository that resemble a description or a sketch, as examples."""

from tools.retrieval.similar import Example, retrieve

__all__ = ["Example", "retrieve"]
