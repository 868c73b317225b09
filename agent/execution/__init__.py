"""Running commands and tests on snapshots, each result journaled before anything relies on it."""
