"""Knows trees, not models: nodes, engine, policies, value backup, selection, statistics."""
