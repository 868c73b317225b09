"""The tables of the swebench package, taken without the rest of it."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import sys, threading
from environments.provision.package import constants
tables = []
threads = [threading.Thread(target=lambda: tables.append(constants().MAP_REPO_VERSION_TO_SPECS)) for _ in range(8)]
[each.start() for each in threads]; [each.join() for each in threads]
assert len(tables) == 8 and all(each is tables[0] for each in tables), tables
assert "django/django" in tables[0]
assert not {"datasets", "swebench", "swebench.harness"} & sys.modules.keys()
print("fine")
"""


def test_the_tables_bring_nothing_else_and_threads_share_them() -> None:
    told = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=False)
    assert told.stdout == "fine\n", told.stderr
