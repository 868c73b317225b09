"""Benchmark tasks: what is solved, and apart from it the gold that grades it."""

from environments.benchmarks.choice import Choice
from environments.benchmarks.dataset import load
from environments.benchmarks.model import BenchmarkTask, Gold, fingerprint

__all__ = ["BenchmarkTask", "Choice", "Gold", "fingerprint", "load"]
