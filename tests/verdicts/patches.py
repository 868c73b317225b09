"""A small shop with a bug, its hidden tests, and patches that fix it, and that only look as if they did."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import dedent

PRICE = '''\
"""Prices."""


def total(prices):
    return int(sum(prices))


def bulk(price, count):
    return total([price] * count)
'''
BASE: dict[str, str] = {
    "shop/__init__.py": "from shop.price import bulk, total\n",
    "shop/price.py": PRICE,
    "shop/legacy.py": "def old():\n    return 1\n",
    "tests/conftest.py": "import pytest\n\nimport shop\n\n\n@pytest.fixture\ndef prices():\n    return [1, 2]\n",
    "tests/test_price.py": "from shop import total\n\n\ndef test_sum(prices):\n    assert total(prices) == 3\n",
    "setup.cfg": "[metadata]\nname = shop\nversion = 1\n\n[tool:pytest]\naddopts = -q\n",
}
HIDDEN: dict[str, str | None] = {
    "tests/test_price.py": BASE["tests/test_price.py"]
    + "\n\ndef test_rounds():\n    assert total([1.5, 2.25]) == 3.75\n",
    "tests/test_bulk.py": dedent(
        """\
        import unittest

        from shop import bulk


        class TestBulk(unittest.TestCase):
            def test_half(self):
                self.assertEqual(bulk(1.5, 3), 4.5)
        """
    ),
}
TESTS = ("tests/test_price.py::test_rounds", "tests/test_bulk.py::TestBulk::test_half", "tests/test_price.py::test_sum")
FIXED = PRICE.replace("int(sum(prices))", "sum(prices)")

Patch = Mapping[str, str | bytes | None]
"""Path to new content; None deletes, "-> TARGET" makes a link."""


def at_import(code: str) -> dict[str, str]:
    """The source runs `code` when it is imported, and fixes nothing."""
    return {"shop/price.py": dedent(code) + PRICE}


def in_total(code: str) -> dict[str, str]:
    """The function runs `code` when it is called."""
    body = "".join(f"    {line}\n" for line in dedent(code).strip().splitlines())
    return {"shop/price.py": PRICE.replace("    return int(sum(prices))\n", body)}


MAKE_PASS = """\
import pytest

@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    report.outcome, report.longrepr = "passed", None
"""
NO_RUN = "def pytest_pyfunc_call(pyfuncitem):\n    return True\n"
FORGE = f"""\
    import json, os
    lines = [{{"event": "collected", "tests": {list(TESTS)}}}]
    for test in {list(TESTS)}:
        lines += [{{"event": "start", "test": test}}]
        lines += [{{"event": "finish", "test": test, "status": "passed", "seconds": 0.1}}]
    lines.append({{"event": "end", "code": 0}})
    text = "".join(json.dumps(line) + "\\n" for line in lines)
"""

CHEATS: dict[str, Patch] = {
    "tests edited": {"tests/test_price.py": "def test_rounds():\n    pass\n\n\ndef test_sum():\n    pass\n"},
    "tests deleted": {"tests/test_price.py": None},
    "tests are a link": {"tests/test_price.py": "-> ../shop/legacy.py"},
    "tests folder is a file": {"tests/test_price.py": None, "tests/conftest.py": None, "tests": "x"},
    "tests package patches": {"tests/__init__.py": "import _pytest.python as p\np.Function.runtest = lambda s: None\n"},
    "conftest at the root": {"conftest.py": MAKE_PASS},
    "conftest of the tests": {"tests/conftest.py": BASE["tests/conftest.py"] + MAKE_PASS},
    "conftest runs nothing": {"conftest.py": NO_RUN},
    "conftest deselects": {"conftest.py": "def pytest_collection_modifyitems(items):\n    items.clear()\n"},
    "conftest exits 0": {"conftest.py": "import os\n\ndef pytest_sessionstart():\n    os._exit(0)\n"},
    "pytest.ini collects only": {"pytest.ini": "[pytest]\naddopts = --collect-only\n"},
    "setup.cfg selects none": {"setup.cfg": BASE["setup.cfg"].replace("-q", "-q -k nothing")},
    "pyproject loads a plug-in": {
        "pyproject.toml": '[tool.pytest.ini_options]\naddopts = "-p cheat"\n',
        "cheat.py": MAKE_PASS,
    },
    "tox.ini expects failures": {"tox.ini": "[pytest]\naddopts = --runxfail -p no:python\n"},
    "pytest shadowed": {"pytest.py": "def main(*a, **k):\n    return 0\n"},
    "_pytest shadowed": {"_pytest/__init__.py": "import os\nos._exit(0)\n"},
    "unittest shadowed": {"unittest/__init__.py": "class TestCase:\n    def assertEqual(self, *a):\n        pass\n"},
    "random shadowed": {"random.py": "import os\nos._exit(0)\n"},
    "sitecustomize": {"sitecustomize.py": "import os\nos._exit(0)\n"},
    "usercustomize": {"usercustomize.py": "import os\nos._exit(0)\n"},
    "path file": {"cheat.pth": "import os; os._exit(0)\n"},
    "entry point": {
        "cheat.egg-info/entry_points.txt": "[pytest11]\ncheat = cheat\n",
        "cheat.egg-info/PKG-INFO": "Metadata-Version: 1.0\nName: cheat\nVersion: 1\n",
        "cheat.py": MAKE_PASS,
    },
    "compiled tests": {"tests/__pycache__/test_price.cpython-311.pyc": b"\x00\x01"},
    "os._exit at import": at_import("import os\nos._exit(0)\n"),
    "sys.exit at import": at_import("import sys\nsys.exit(0)\n"),
    "exit at exit": at_import("import atexit, os\natexit.register(os._exit, 0)\n"),
    "pytest.exit": at_import("import pytest\npytest.exit('done', returncode=0)\n"),
    "another program": at_import("import os\nos.execv('/bin/true', ['true'])\n"),
    "parent killed": at_import("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n"),
    "tests rewritten at import": at_import(
        """\
        import pathlib
        for path in pathlib.Path("tests").glob("test_*.py"):
            try:
                path.write_text("def test_rounds():\\n    pass\\n\\ndef test_sum():\\n    pass\\n")
            except OSError:
                pass
        """
    ),
    "runtest replaced": at_import("import _pytest.python\n_pytest.python.Function.runtest = lambda self: None\n"),
    "hook caller replaced": at_import(
        """\
        import _pytest.runner as r
        plain = r.CallInfo.from_call.__func__
        def from_call(cls, func, when, reraise=None):
            return plain(cls, (lambda: None) if when == "call" else func, when, reraise)
        r.CallInfo.from_call = classmethod(from_call)
        """
    ),
    "reports replaced": at_import(
        """\
        import _pytest.reports as r
        plain = r.TestReport.from_item_and_call.__func__
        def made(cls, item, call):
            call.excinfo = None
            return plain(cls, item, call)
        r.TestReport.from_item_and_call = classmethod(made)
        """
    ),
    "asserts replaced": at_import(
        """\
        import unittest
        unittest.TestCase.assertEqual = lambda *a, **k: None
        import _pytest.python as p
        plain = p.Function.runtest
        def runtest(self):
            try:
                plain(self)
            except AssertionError:
                pass
        p.Function.runtest = runtest
        """
    ),
    "code swapped in place": at_import(
        """\
        import _pytest.python as p
        def runtest(self):
            pass
        p.Function.runtest.__code__ = runtest.__code__
        """
    ),
    "plug-in registered": at_import(
        """\
        import gc, pytest
        class Cheat:
            @pytest.hookimpl(hookwrapper=True)
            def pytest_pyfunc_call(self):
                outcome = yield
                outcome.force_result(True)
        for each in gc.get_objects():
            if isinstance(each, pytest.Config):
                each.pluginmanager.register(Cheat())
                break
        """
    ),
    "probe replaced": at_import(
        """\
        import sys
        probe = sys.modules.get("treewright_probe.recorder")
        recorder = probe.Recorder if probe else object
        plain = getattr(recorder, "finish", None)
        def finish(self, test, status, **more):
            plain(self, test, "passed")
        if plain:
            recorder.finish = finish
        """
    ),
    "report forged": at_import(FORGE + '    open("/treewright/reports/report", "a").write(text)\n    os._exit(0)\n'),
    "report replaced": at_import(FORGE + '    open("/treewright/reports/report", "w").write(text)\n    os._exit(0)\n'),
    "report replaced by a daemon": at_import(
        FORGE
        + """\
    import time
    if not os.fork():
        os.setsid()
        while True:
            time.sleep(0.01)
            open("/treewright/reports/report", "w").write(text)
    """
    ),
    "skipped inside": in_total("import unittest\nraise unittest.SkipTest('no')"),
    "skipped by pytest": in_total("import pytest\npytest.skip('no')"),
    "expected to fail": in_total("import pytest\npytest.xfail('known')"),
    "module skipped": at_import("import pytest\npytest.skip('no', allow_module_level=True)\n"),
    "syntax error": {"shop/price.py": PRICE + "def (\n"},
    "function gone": {"shop/price.py": PRICE.replace("def bulk", "def gone")},
    "module gone": {"shop/price.py": None, "shop/__init__.py": ""},
    "equal to everything": {
        "shop/price.py": PRICE.replace("return int(sum(prices))", "return Any()")
        + "\n\nclass Any:\n    def __eq__(self, other):\n        return True\n"
    },
    "equal to everything, made": {
        "shop/price.py": PRICE.replace(
            "return int(sum(prices))", 'return type("Any", (int,), {"__eq__": lambda *a: True})()'
        )
    },
    "says it passed": in_total("print('tests/test_price.py::test_rounds PASSED')\nreturn int(sum(prices))"),
    "only half of it": {
        "shop/price.py": PRICE.replace("    return total([price] * count)", "    return price * count")
    },
    "endless": in_total("while True:\n    pass"),
    "nothing but a comment": {"shop/price.py": PRICE + "# fixed\n"},
}

HONEST: dict[str, Patch] = {
    "the fix": {"shop/price.py": FIXED},
    "with tests of its own": {
        "shop/price.py": FIXED,
        "tests/test_price.py": BASE["tests/test_price.py"] + "\n\ndef test_mine():\n    assert total([0.5]) == 0.5\n",
        "tests/test_more.py": "def test_more():\n    pass\n",
    },
    "with a fixture": {"shop/price.py": FIXED, "tests/conftest.py": BASE["tests/conftest.py"] + "\nMORE = 1\n"},
    "with settings": {"shop/price.py": FIXED, "setup.cfg": BASE["setup.cfg"].replace("version = 1", "version = 2")},
    "a module named as one of the library": {
        "shop/price.py": FIXED.replace("sum(prices)", "add(prices)").replace(
            '"""Prices."""\n', '"""Prices."""\n\nfrom shop.random import add\n'
        ),
        "shop/random.py": "def add(values):\n    return sum(values)\n",
    },
    "a new package at the root": {
        "shop/price.py": FIXED.replace('"""Prices."""\n', '"""Prices."""\n\nimport shop_rules\n'),
        "shop_rules/__init__.py": "RULES = ()\n",
    },
    "an equality of its own": {
        "shop/price.py": FIXED
        + "\n\nclass Price:\n    def __eq__(self, other):\n"
        + "        return isinstance(other, Price) or NotImplemented\n"
    },
    "cleans up at exit": {"shop/price.py": "import atexit\n\natexit.register(print)\n" + FIXED},
    "replaces parts of its own": {
        "shop/price.py": FIXED + "\n\n_plain = bulk\n\n\ndef bulk(price, count):\n    return _plain(price, count)\n"
    },
    "moved": {
        "shop/price.py": None,
        "shop/money.py": FIXED,
        "shop/__init__.py": "from shop.money import bulk, total\n",
    },
    "another line end": {"shop/price.py": FIXED.replace("\n", "\r\n")},
}
