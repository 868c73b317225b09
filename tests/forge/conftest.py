"""The fixtures of this folder."""

from forge_world import forge, repository, treewright

__all__ = ["forge", "repository", "treewright"]
