"""The probe's entry: the way to run as first argument, its arguments after it, options as JSON on standard input."""

import importlib
import json
import os
import sys
import traceback
from typing import Any

WAYS = {
    "pytest": ("pytest_runs", "run"),
    "unittest": ("unittest_runs", "run"),
    "script": ("unittest_runs", "run_script"),
    "sympy": ("sympy_runs", "run"),
}


def main() -> int:
    """Run the tests; the exit code."""
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    package: Any = importlib.import_module("treewright_probe.watcher")
    recorder: Any = importlib.import_module("treewright_probe.recorder")
    options = json.loads(sys.stdin.buffer.read().decode("utf-8"))
    recorder.close_input()
    watcher = package.Watcher(options)
    module, function = WAYS[sys.argv[1]]
    code = 1
    try:
        run = getattr(importlib.import_module("treewright_probe." + module), function)
        code = int(run(watcher, sys.argv[2:], options["tests"]))
    except ImportError as error:  # the framework itself: what tests cannot import is caught by it
        watcher.recorder.write("problem", text="the tests cannot start: %s" % error)
    except BaseException:
        watcher.recorder.write("problem", text="run ended early: " + recorder.bounded(traceback.format_exc()))
        raise
    finally:
        watcher.close(code)
    return code


def start() -> int:
    """One run, or with "batch" as first argument many of them."""
    if sys.argv[1] != "batch":
        return main()
    del sys.argv[1]
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    batch: Any = importlib.import_module("treewright_probe.batch")
    names = ("watcher", "recorder", WAYS[sys.argv[1]][0])
    return int(batch.run(main, ["treewright_probe." + name for name in names]))


if __name__ == "__main__":
    sys.exit(start())
