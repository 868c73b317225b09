"""Knows machines: sandboxes, workspaces, task sources, environment builders."""
