"""Which runner a repository's tests want."""
from tools.testing.runners.pytest import pytest_runner
def detect(files, *, command=None, python):
    return pytest_runner(files, python, (command or "").split())
