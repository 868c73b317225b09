"""Offline benchmarks: recorded pools and simulated tasks, no model needed."""
