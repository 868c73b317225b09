"""Nothing that is read back can run: a scan of the source for unsafe loaders, shells and code made of data."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("agent", "environments", "search", "tools", "prompts", "benchmarks", "examples", ".ci")
MODULES = {
    "pickle", "_pickle", "cPickle", "dill", "cloudpickle", "jsonpickle", "shelve", "marshal", "joblib", "torch",
    "yaml", "ruamel", "dbm", "xmlrpc", "telnetlib", "pty",
}  # fmt: skip
CALLS = {
    "eval", "exec", "execfile", "compile", "__import__", "input",
    "os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput", "asyncio.create_subprocess_shell",
    "tempfile.mktemp", "runpy.run_path", "runpy.run_module", "code.interact", "pandas.read_pickle", "pd.read_pickle",
    "types.FunctionType", "types.CodeType",
}  # fmt: skip
METHODS = {"extractall", "read_pickle", "from_string", "exec_module", "load_module"}
OPTIONS = {"shell": True, "allow_pickle": True, "verify": False, "trust_remote_code": True}

# Where such a call is meant, and why it is no danger to us.
MEANT = {
    # run only in a sandbox, in a process of the sandbox's own interpreter
    ("agent/isolation/child.py", "exec"),
    ("agent/isolation/child.py", "compile"),
    ("agent/execution/snippets.py", "exec"),
    ("agent/execution/snippets.py", "eval"),
    ("agent/execution/snippets.py", "compile"),
    ("environments/functions/inside/answerer.py", "exec"),
    ("environments/functions/inside/answerer.py", "compile"),
    ("environments/functions/inside/judge.py", "exec"),
    ("environments/functions/inside/judge.py", "eval"),
    ("environments/functions/inside/judge.py", "compile"),
    ("tools/testing/probe/hot.py", "compile"),
    ("tools/testing/probe/unittest_runs.py", "runpy.run_path"),
    # compiled to see whether it is Python, never run
    ("tools/checks/syntax.py", "compile"),
    # a design file that the person names, their own program; what nobody has read goes to the sandbox (--sandboxed)
    ("tools/extensions.py", "exec_module"),
}
ONLY_INSIDE = (
    "agent.isolation.child", "agent.execution.snippets", "environments.functions.inside", "tools.testing.probe",
)  # fmt: skip


def findings(source: str) -> Iterator[str]:
    """What in a module could run or load what it is given, by name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (f"import {alias.name}" for alias in node.names if alias.name.split(".")[0] in MODULES)
        elif isinstance(node, ast.ImportFrom):
            if (node.module or "").split(".")[0] in MODULES:
                yield f"import {node.module}"
            for alias in node.names:
                if f"{node.module}.{alias.name}" in CALLS or alias.name in MODULES:
                    yield f"import {node.module}.{alias.name}"
        elif isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name in CALLS:
                yield name
            elif isinstance(node.func, ast.Attribute) and node.func.attr in METHODS:
                yield node.func.attr
            yield from _options(node, name)


def _options(node: ast.Call, name: str) -> Iterator[str]:
    for option in node.keywords:
        value = option.value
        if option.arg == "shell" and not name.startswith("subprocess."):
            continue  # a parameter of ours that is called so
        if option.arg in OPTIONS and not (isinstance(value, ast.Constant) and value.value is not OPTIONS[option.arg]):
            yield f"{option.arg}={ast.unparse(value)}"


def modules() -> list[Path]:
    return sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))


def test_no_module_loads_or_runs_what_it_is_given() -> None:
    paths = modules()
    assert len(paths) > 300
    found = {(path.relative_to(ROOT).as_posix(), what) for path in paths for what in findings(path.read_text())}
    assert found == MEANT


@pytest.mark.parametrize("name", ONLY_INSIDE)
def test_what_runs_code_is_imported_by_nothing_on_our_side(name: str) -> None:
    for path in modules():
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        if module.startswith(ONLY_INSIDE):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            assert not [each for each in names if f"{each}.".startswith(f"{name}.")], f"{module} imports {name}"


BAD = [
    "import pickle",
    "from pickle import loads",
    "import yaml",
    "from os import system",
    "import torch.nn",
    "eval(text)",
    "exec(code)",
    "__import__(name)",
    "os.system(line)",
    "subprocess.run(line, shell=True)",
    "subprocess.run(line, shell=flag)",
    "asyncio.create_subprocess_shell(line)",
    "archive.extractall(folder)",
    "numpy.load(path, allow_pickle=True)",
    "requests.get(url, verify=False)",
    "load_dataset(name, trust_remote_code=True)",
    "environment.from_string(text)",
    "pd.read_pickle(path)",
    "tempfile.mktemp()",
]


@pytest.mark.parametrize("source", BAD)
def test_the_scan_can_fail(source: str) -> None:
    assert list(findings(source))


@pytest.mark.parametrize(
    "source", ["json.loads(text)", "re.compile(text)", "subprocess.run(line, shell=False)", "import json, tomllib"]
)
def test_the_scan_lets_ordinary_code_be(source: str) -> None:
    assert not list(findings(source))
