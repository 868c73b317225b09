"""Knows source code, not models: snapshots, repo map, edits, checks, test reports, fault localization, repair."""
