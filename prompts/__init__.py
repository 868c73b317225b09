"""Prompt templates, one file per role and turn, versioned by content hash."""
