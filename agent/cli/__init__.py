"""The commands: one small module each, no logic."""
