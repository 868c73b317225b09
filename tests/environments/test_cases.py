"""The manifests of historical bugs, and one of them rebuilt from its releases."""

import hashlib
import io
import os
import subprocess
import tarfile
from pathlib import Path

import pytest

from environments.cases import Case, ReleaseFile, demo_case, load_case, load_cases, prepare
from tools.errors import InputError

ROOT = Path(__file__).parents[2]
DEMOS = load_cases(ROOT / "examples" / "cases")
BENCHMARK = load_cases(ROOT / "benchmarks" / "mechanical")
DIGEST = "0" * 64


def make_release(folder: Path, version: str, files: dict[str, str]) -> ReleaseFile:
    """A source release where `download` looks for it first."""
    target = folder / f"thing-{version}-sdist"
    target.mkdir(parents=True)
    archive = target / f"thing-{version}.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        for name, text in files.items():
            info = tarfile.TarInfo(f"thing-{version}/{name}")
            info.size = len(text.encode())
            tar.addfile(info, io.BytesIO(text.encode()))
    return ReleaseFile(version=version, sha256=hashlib.sha256(archive.read_bytes()).hexdigest())


@pytest.fixture
def case(tmp_path: Path) -> Case:
    downloads = tmp_path / "downloads"
    test = "from thing import double\n\ndef test_double():\n    assert double(3) == 6\n"
    buggy = {"src/thing.py": "def double(x):\n    return x + 2\n", "tox.ini": "[pytest]\naddopts = --cov\n"}
    fixed = {"src/thing.py": "def double(x):\n    return x * 2\n", "tests/test_thing.py": test}
    return Case(
        name="thing-doubles",
        package="thing",
        description="adds",
        kind="operator",
        issue="double(3) is 5",
        buggy=make_release(downloads, "1", buggy),
        fixed=make_release(downloads, "2", fixed),
        tests=("tests/test_thing.py",),
        drop=("tox.ini", "missing.ini"),
        failing_tests=("tests/test_thing.py::test_double",),
        test_roots=("tests",),
        import_roots=("src",),
        fix_paths=("src/thing.py",),
    )


def run_tests(python: Path, folder: Path) -> int:
    argv = [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]
    environment = {"PATH": os.defpath, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(argv, cwd=folder, env=environment, capture_output=True, check=False).returncode


async def test_a_case_is_rebuilt_as_a_repository_with_a_failing_test(case: Case, tmp_path: Path) -> None:
    (tmp_path / "work" / "repository").mkdir(parents=True)
    (tmp_path / "work" / "repository" / "old").touch()
    prepared = await prepare(case, tmp_path / "work", downloads=tmp_path / "downloads")
    status = subprocess.run(
        ["git", "-C", str(prepared.repository), "status", "--porcelain"], capture_output=True, text=True, check=True
    )
    assert status.stdout == ""
    assert not (prepared.repository / "old").exists()
    assert not (prepared.repository / "tox.ini").exists()
    assert run_tests(prepared.python, prepared.repository) == 1
    repaired = (prepared.fixed_source / "src" / "thing.py").read_bytes()
    (prepared.repository / "src" / "thing.py").write_bytes(repaired)
    assert run_tests(prepared.python, prepared.repository) == 0


async def test_a_test_file_that_the_fixed_release_lacks_is_an_error(case: Case, tmp_path: Path) -> None:
    wrong = case.model_copy(update={"tests": ("tests/test_other.py",)})
    with pytest.raises(InputError, match="ships no"):
        await prepare(wrong, tmp_path / "work", downloads=tmp_path / "downloads")


def test_there_are_demos_of_different_packages_and_kinds_and_one_default() -> None:
    assert len({case.package for case in DEMOS}) >= 3
    assert len({case.kind for case in DEMOS}) >= 3
    assert [case.demo for case in DEMOS].count("default") == 1
    assert demo_case(DEMOS).demo == "default"
    assert demo_case(DEMOS, DEMOS[0].name) is DEMOS[0]
    with pytest.raises(InputError, match="no demo named nonsense"):
        demo_case(DEMOS, "nonsense")


def test_the_benchmark_has_at_least_twenty_cases_of_distinct_packages() -> None:
    every = [*DEMOS, *BENCHMARK]
    assert len(every) >= 20
    assert len({case.package for case in every}) == len(every)
    assert all(case.name == path.stem for path, case in manifests())


def manifests() -> list[tuple[Path, Case]]:
    paths = [*(ROOT / "examples" / "cases").glob("*.toml"), *(ROOT / "benchmarks" / "mechanical").glob("*.toml")]
    return [(path, load_case(path)) for path in paths]


@pytest.mark.parametrize(
    "text",
    [
        "name = ",
        "name = 'x'",
        "unknown = 1",
        "\udcff",
    ],
)
def test_what_is_no_manifest_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "case.toml"
    path.write_text(text, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(InputError, match="not the manifest"):
        load_case(path)


def test_a_file_that_is_not_there_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        load_case(tmp_path / "none.toml")


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "a/../../x", ".git/config", ""])
def test_paths_out_of_the_repository_are_refused(case: Case, path: str) -> None:
    plain = case.model_dump()
    for field in ("tests", "drop", "fix_paths", "test_roots"):
        with pytest.raises(ValueError, match="relative path"):
            Case.model_validate(plain | {field: (path,)})


def test_two_manifests_of_one_name_are_refused(tmp_path: Path) -> None:
    text = (ROOT / "examples" / "cases" / f"{DEMOS[0].name}.toml").read_text(encoding="utf-8")
    (tmp_path / "a.toml").write_text(text, encoding="utf-8")
    (tmp_path / "b.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="same name"):
        load_cases(tmp_path)


def test_a_digest_has_its_form(case: Case) -> None:
    with pytest.raises(ValueError, match="sha256"):
        ReleaseFile(version="1", sha256="abc")
    assert ReleaseFile(version="1", sha256=DIGEST).kind == "sdist"
