import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.issues import parse_issue
from tools.localization import Localizer, builder
from tools.localization.builder import build_missing
from tools.localization.cache import Cache
from tools.localization.objects import ObjectDatabase

Make = Callable[..., Path]


def test_a_file_that_ends_its_worker_is_named_and_the_rest_indexed(make_repository: Make, tmp_path: Path) -> None:
    text = 'TEXT = """' + "filler\n" * 60_000 + '"""\n'
    files = {f"m{number}.py": f"def f{number}():\n    pass\n{text}" for number in range(6)}
    repository = make_repository([("Start", files)])
    database = ObjectDatabase(repository)
    tree = database.tree(database.resolve("HEAD"))
    cache = Cache(tmp_path / "cache")
    pairs = [(file, "no such language" if file.path == "m3.py" else "python") for file in tree]
    assert build_missing(database, cache, pairs, workers=2) == ["m3.py could not be indexed"]
    assert len(cache.find([(file.blob, language) for file, language in pairs])) == 6
    localizer = Localizer(repository, cache=tmp_path / "cache")
    assert localizer.index.find_definition("f1")[0].path == "m1.py"


def test_a_worker_that_stalls_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builder, "FILE_SECONDS", 0.2)
    code = "import time\nfor number in range(4): print(number, flush=True); time.sleep(0.1)\ntime.sleep(600)"
    with tempfile.TemporaryFile() as begun:
        process = subprocess.Popen([sys.executable, "-c", code], stdout=begun, text=True)
        assert builder._wait(process, begun.fileno()) != 0
        begun.seek(0)
        assert begun.read().split()


def test_tens_of_thousands_of_files(tmp_path: Path) -> None:
    repository = tmp_path / "many.git"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(repository)], check=True)
    stream = []
    for number in range(40):
        text = f"def handle_{number}():\n    return {number}\n"
        stream.append(f"blob\nmark :{number + 1}\ndata {len(text)}\n{text}\n")
    stream.append("commit refs/heads/main\ncommitter A <a@b> 1 +0000\ndata 1\nx\n")
    stream += [f"M 100644 :{number % 40 + 1} d{number % 997}/f{number}.py\n" for number in range(30_000)]
    subprocess.run(
        ["git", "fast-import", "--quiet"], cwd=repository, input="".join(stream), text=True, check=True, env=os.environ
    )
    localizer = Localizer(repository, "main", cache=tmp_path / "cache")
    ranking = localizer.rank(parse_issue("f7777 fails"), k=3)
    assert len(localizer.index.files) == 30_000
    assert ranking.files[0].path.endswith("/f7777.py")


def test_processes_share_the_cache_while_both_write(make_repository: Make, tmp_path: Path) -> None:
    one = Cache(tmp_path / "cache")
    other = Cache(tmp_path / "cache")
    repositories = [
        make_repository([("Start", {"shared.py": "def same(): pass\n", f"{name}.py": f"def {name}(): pass\n"})], name)
        for name in ("left", "right")
    ]
    for cache, repository in zip((one, other), repositories, strict=True):
        database = ObjectDatabase(repository)
        missing = [(file, "python") for file in database.tree(database.resolve("HEAD"))]
        build_missing(database, cache, missing, workers=0)
    for repository in repositories:
        found = Localizer(repository, cache=tmp_path / "cache").index
        assert [place.path for place in found.find_definition("same")] == ["shared.py"]
        assert [place.path for place in found.find_definition(repository.name)] == [f"{repository.name}.py"]
