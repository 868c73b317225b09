"""What runs inside of the repository's own interpreter to see its tests at work.

The folder is copied out of the workspace, mounted read-only, and started by path: `python FOLDER/treewright_probe
pytest|unittest|script|sympy ARGUMENTS` with its options as JSON on standard input. It needs only the standard
library and speaks plain CPython 3.6, because it must run in whatever interpreter a repository has without
installing anything there; that is also why it records lines itself instead of asking for coverage.py.

What it sees goes as JSON lines into a report that is opened, outside of the workspace, before any code of the
repository runs, and is only ever appended to: a test that ends the process loses the tests after it, not those
before. Code that runs in the same process can still forge what it likes; the probe makes that visible where it can
(a missing end, an exit code that disagrees) and no more. A verdict that matters is taken with the repository's own
test files, in a fresh sandbox.
"""
