"""Environments in which benchmark tasks run: built once per version of a project, shared by its tasks."""
