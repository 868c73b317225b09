"""Every command of the README runs as it stands there: offline, with a played model or a recording of it.

The stage: the working directory is a repository with a failing test and `bug.md`; the forge of this machine has it as
OWNER/REPO with issue 123; the endpoint of the vLLM example is a played model. Models of other providers answer from a
recording of that run. Only two things are replaced: the address of the endpoint, and `make` by `make -n` (a target runs
this very test, the other installs from the network).
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from forked_command import write_program
from github_server import State, serve
from model_server import serving
from plain_python import plain_environment
from played_model import Author

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SOURCE = '''def share(total, people):
    """Splits total cents among people; the first ones get the extra cents."""
    return [total // people + (i <= total % people) for i in range(people)]
'''
TESTS = """from money import share


def test_round():
    assert sum(share(10, 3)) == 10


def test_one():
    assert len(share(10, 1)) == 1
"""
BUG = "share() gives away a cent too much\n\nThe parts of share(11, 4) must add up to 11.\n"


def git(repository: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", repository, *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def commands() -> Iterator[str]:
    """The lines of the README's `sh` blocks, continued ones joined."""
    for language, text in FENCE.findall(README.read_text()):
        if language == "sh":
            yield from text.replace("\\\n", " ").splitlines()


@dataclass
class Stage:
    """A person at a shell, in a repository.

    Attributes:
        env: their variables; `export` changes them.
        port: of the played model.
    """

    repository: Path
    env: dict[str, str]
    author: Author
    base: str
    forge: State
    done: list[str] = field(default_factory=list)

    def run(self, line: str) -> str:
        """Runs a line as it stands there; what it printed."""
        line = line.partition("  #")[0].strip()
        words = shlex.split(line)
        if words[0] == "export":
            self.env |= dict(word.split("=", 1) for word in words[1:])
            return ""
        self.done.append(line)
        if words[0] == "make":
            return self.shell(f"make -n -C {shlex.quote(str(ROOT))} {words[1]}")
        if words[:2] == ["treewright", "view"]:
            return self.view(line)
        if "--model" not in words or "OPENAI_API_BASE" in line:
            return self.shell(line.replace("http://localhost:8000/v1", self.base))
        return self.recorded(line, words[words.index("--model") + 1])

    def recorded(self, line: str, model: str) -> str:
        """Has the played model answer a copy of the line, once for each issue, then runs the line on the recording."""
        transcript = self.repository.parent / ("forge.jsonl" if "OWNER/REPO" in line else "here.jsonl")
        if not transcript.exists():
            played = line.replace(model, "openai/played").replace(" --open-pr", "")
            own = {"OPENAI_API_BASE": self.base, "OPENAI_API_KEY": "none", "TREEWRIGHT_UNKNOWN_PRICE": "free"}
            self.shell(played, **own, TREEWRIGHT_RECORD=str(transcript))
        return self.shell(line, TREEWRIGHT_REPLAY=str(transcript))

    def shell(self, line: str, **more: str) -> str:
        """What bash makes of it; it must end well."""
        done = subprocess.run(
            ["bash", "-c", line],
            cwd=self.repository,
            env=self.env | more,
            capture_output=True,
            text=True,
            timeout=1800,
            check=False,
        )
        assert done.returncode == 0, f"{line}\n{done.stderr}{done.stdout}"
        assert "Traceback" not in done.stderr, done.stderr
        return done.stdout + done.stderr

    def view(self, line: str) -> str:
        """Opens the page that is served, and ends it as a person does."""
        with subprocess.Popen(
            ["bash", "-c", f"exec {line}"], cwd=self.repository, env=self.env, stdout=subprocess.PIPE, text=True
        ) as server:
            assert server.stdout is not None
            address = server.stdout.readline().strip()
            with urllib.request.urlopen(address, timeout=300) as page:
                shown = str(page.read().decode())
            server.send_signal(signal.SIGINT)
            assert server.wait(timeout=300) in (0, -signal.SIGINT, 128 + signal.SIGINT)
        return shown


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    repository, home, programs = tmp_path / "money", tmp_path / "home", tmp_path / "bin"
    (repository / "tests").mkdir(parents=True)
    home.mkdir()
    programs.mkdir()
    write_program(programs / "treewright")
    (home / ".gitconfig").write_text("[user]\nname = A Person\nemail = person@example.org\n")
    (repository / "money.py").write_text(SOURCE)
    (repository / "tests" / "test_money.py").write_text(TESTS)
    (repository / "conftest.py").write_text("")
    git(repository, "init", "-q", "-b", "main")
    git(repository, "add", "-A")
    git(repository, "-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "-qm", "start")
    (repository / "bug.md").write_text(BUG)
    remote = tmp_path / "remote.git"
    subprocess.run(["git", "clone", "-q", "--bare", repository, remote], check=True)
    title, _, body = BUG.partition("\n\n")
    issue = {"number": 123, "title": title, "body": body, "state": "open", "locked": False, "html_url": ""}
    person = {"user": {"login": "ann", "type": "User"}}
    forge = State(remote, tmp_path / "fork.git", "OWNER/REPO", "...", issue=issue | person)
    server = serve(forge)
    env = {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "HOME": str(home),
        "PYTHONPATH": str(ROOT),
        "VIRTUAL_ENV": str(plain_environment(tmp_path / "environment")),
        "COLUMNS": "80",
        "BROWSER": "true",
        "GITHUB_SERVER_URL": forge.url,
    }
    author = Author()
    with serving(author) as base:
        yield Stage(repository, env, author, base, forge)
    server.shutdown()
    server.server_close()


def test_every_command_of_the_readme_runs(stage: Stage) -> None:
    said = {line.partition("  #")[0].strip(): stage.run(line) for line in commands() if line.strip()}

    def printed(part: str) -> str:
        return next(text for line, text in said.items() if part in line)

    assert "treewright demo" in printed("make demo")
    assert "pytest tests" in printed("make test")
    assert f"pull request: {stage.forge.url}/OWNER/REPO/pull/8" in printed("--open-pr")
    assert stage.forge.pulls[0]["draft"] is True
    assert "anthropic/claude-sonnet-4-5" in stage.forge.pulls[0]["body"]
    for part in ("anthropic/claude-sonnet-4-5 --max-cost 2", "ollama_chat", "OPENAI_API_BASE", "--failing-test"):
        assert "Solved" in printed(part), part
    assert "comparison at money.py:3" in printed("treewright show latest")
    assert "money.py" in printed("treewright view latest")
    assert "i < total % people" in printed("treewright diff latest")
    assert git(stage.repository, "diff", "--stat").startswith("money.py")  # applied; the README shows `undo` beside it
    assert "Solved" in printed("treewright resume latest")
    assert "bubblewrap" in printed("treewright doctor")
    stage.run("treewright undo latest")
    assert git(stage.repository, "status", "--porcelain") == "?? bug.md"
    assert len(stage.done) >= 14


def test_every_block_of_readme_and_tutorials_is_run_or_is_no_command() -> None:
    for page in (README, *sorted(ROOT.glob("docs/tutorials/*.md"))):
        for language, text in FENCE.findall(page.read_text()):
            assert language in ("sh", "text", "toml", "python"), f"{page.name}: {text[:60]}"
            if language == "text":
                assert not re.search(r"^\$? ?(treewright|pip|export) ", text, re.MULTILINE), page.name


def test_what_the_readme_says_of_exit_codes_is_what_help_says() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from agent.cli.main import run; run()", "--help"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=True,
    )
    stated = set(re.findall(r"^\| (\d+) \|", README.read_text(), re.MULTILINE))
    assert stated == set(re.findall(r"\b(\d+) (?=[a-z])", done.stdout.partition("Exit codes")[2]))
