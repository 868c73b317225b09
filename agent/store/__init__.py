"""The run store: what happened, written in one transaction before anything relies on it."""
