"""Tests as evidence: how to run a repository's tests, what their reports say, which of them to run."""
