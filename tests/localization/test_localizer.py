import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.errors import InfrastructureError, InputError
from tools.issues import parse_issue
from tools.localization import Localizer

Make = Callable[..., Path]

SHOP = {
    "shop/__init__.py": "from shop.pricing.rules import Discount\n",
    "shop/pricing/__init__.py": "",
    "shop/pricing/rules.py": (
        '"""Rules for prices."""\n\n\nclass Discount:\n    """A reduction of a price."""\n\n'
        "    def apply(self, price):\n        if self.percent > 100:\n"
        '            raise ValueError(f"percentage {self.percent} is out of bounds")\n'
        "        return price * (1 - self.percent / 100)\n\n\ndef combine(discounts):\n    return discounts[0]\n"
    ),
    "shop/cart.py": (
        "from shop import Discount\n\n\nclass Cart:\n    def total(self):\n"
        "        return sum(Discount().apply(item) for item in self.items)\n"
    ),
    "shop/inventory.py": "class Stock:\n    def reserve(self, item):\n        return item.count\n",
    "tests/test_rules.py": "from shop.pricing.rules import Discount\n\n\ndef test_p():\n    Discount().apply(1)\n",
    "docs/guide.md": "Discount percent out of bounds\n",
}
HISTORY = [
    ("Start", SHOP),
    (
        "Fix stock reservation when warehouse is closed",
        {"shop/inventory.py": SHOP["shop/inventory.py"] + "\nCLOSED = 1\n"},
    ),
    ("Later", {"shop/late.py": "def percent_out_of_bounds():\n    pass\n"}),
]
ISSUE = parse_issue(
    "Discount.apply fails with large percentages\n`Discount` raises\n\n```\n"
    "ValueError: percentage 150 is out of bounds\n```\n"
)


@pytest.fixture
def shop(make_repository: Make) -> Path:
    return make_repository(HISTORY)


def localizer(repository: Path, tmp_path: Path, commit: str = "HEAD~1", **options: object) -> Localizer:
    return Localizer(repository, commit, cache=tmp_path / "cache", **options)  # type: ignore[arg-type]


def test_ranks_the_defining_file_and_the_method(shop: Path, tmp_path: Path) -> None:
    ranking = localizer(shop, tmp_path).rank(ISSUE)
    assert ranking.files[0].path == "shop/pricing/rules.py"
    assert (ranking.functions[0].path, ranking.functions[0].name) == ("shop/pricing/rules.py", "Discount.apply")
    assert (ranking.functions[0].start, ranking.functions[0].end) == (7, 10)
    assert {reason.signal for reason in ranking.files[0].reasons} & {"literal", "literal_any", "defines_title"}
    assert all(not file.path.startswith(("tests/", "docs/")) for file in ranking.files)


def test_nothing_after_the_commit_is_seen(shop: Path, tmp_path: Path) -> None:
    ranking = localizer(shop, tmp_path).rank(parse_issue("percent_out_of_bounds is wrong"))
    assert "shop/late.py" not in {file.path for file in ranking.files}
    later = localizer(shop, tmp_path, "HEAD").rank(parse_issue("percent_out_of_bounds is wrong"))
    assert later.files[0].path == "shop/late.py"


def test_the_past_counts(shop: Path, tmp_path: Path) -> None:
    issue = parse_issue("warehouse closed: reservation")
    ranking = localizer(shop, tmp_path).rank(issue)
    assert ranking.files[0].path == "shop/inventory.py"
    history = [reason for reason in ranking.files[0].reasons if reason.signal == "history"]
    assert "Fix stock reservation" in history[0].detail


def test_bare_repository_and_foreign_history(shop: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare.git"
    subprocess.run(["git", "clone", "-q", "--bare", str(shop), str(bare)], check=True)
    assert localizer(bare, tmp_path).rank(ISSUE).files[0].path == "shop/pricing/rules.py"
    shallow = tmp_path / "shallow"
    subprocess.run(["git", "clone", "-q", "--depth", "1", f"file://{shop}", str(shallow)], check=True)
    alone = localizer(shallow, tmp_path, "HEAD").rank(ISSUE)
    assert "no history to learn from" in alone.notes
    helped = localizer(shallow, tmp_path, "HEAD", history=shop, history_commit="main")
    assert "no history to learn from" not in helped.rank(ISSUE).notes


def test_same_ranking_in_any_process(shop: Path, tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from tools.issues import parse_issue\n"
        "from tools.localization import Localizer\n"
        "r = Localizer(Path(sys.argv[1]), 'HEAD', cache=Path(sys.argv[2])).rank(parse_issue(sys.argv[3])); print(r)"
    )
    outputs = set()
    for seed in ("0", "1"):
        environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parents[2])}
        for cache in (tmp_path / f"cache{seed}", tmp_path / "warm"):
            command = [sys.executable, "-c", script, str(shop), str(cache), ISSUE.text]
            outputs.add(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)
    assert len(outputs) == 1


def test_coverage_decides_between_equals(make_repository: Make, tmp_path: Path) -> None:
    twin = "def handle(event):\n    return event.payload\n"
    repository = make_repository([("Start", {"one.py": twin, "two.py": twin})])
    issue = parse_issue("handle loses the payload of an event")
    found = localizer(repository, tmp_path, "HEAD").rank(issue, coverage={"two.py": {2: 1.0}})
    assert found.files[0].path == "two.py"
    assert found.functions[0].path == "two.py"


def test_embedding_is_a_signal(make_repository: Make, tmp_path: Path) -> None:
    twin = "def handle(event):\n    return event.payload\n"
    repository = make_repository([("Start", {"one.py": twin, "two.py": twin + "MARK = 1\n"})])

    def embed(texts: list[str]) -> list[list[float]]:
        return [[1.0, 0.0], *([1.0, 0.0] if "MARK" in text else [0.0, 1.0] for text in texts[1:])]

    ranking = localizer(repository, tmp_path, "HEAD").rank(parse_issue("handle loses the payload"), embed=embed)
    assert ranking.files[0].path == "two.py"
    assert "embedding" in {reason.signal for reason in ranking.files[0].reasons}


def test_definitions_references_skeleton_and_map(shop: Path, tmp_path: Path) -> None:
    found = localizer(shop, tmp_path)
    place = found.index.find_definition("Discount.apply")[0]
    assert (place.path, place.definition.start) == ("shop/pricing/rules.py", 7)
    assert found.index.find_definition("nowhere") == []
    references = found.index.find_references("Discount")
    assert ("shop/cart.py", 1, "from shop import Discount") in references
    skeleton = found.skeleton("shop/pricing/rules.py")
    assert "7|     def apply(self, price):" in skeleton
    assert "raise" not in skeleton
    for budget in (1, 20, 60, 4000):
        for ranking in (None, found.rank(ISSUE)):
            assert len(found.map(budget, ranking)) <= budget * 4
    text = found.map(4000, found.rank(ISSUE))
    assert text.startswith("shop/pricing/rules.py:\n")
    with pytest.raises(InputError, match="not in the index"):
        found.skeleton("nope.py")


def test_a_map_has_the_constants_an_issue_speaks_of_and_counts_the_names_it_leaves_out(
    make_repository: Make, tmp_path: Path
) -> None:
    many = "".join(f"def step_{number}_of_many(price):\n    return price\n\n\n" for number in range(200))
    settings = "LARGEST_ORDER = 10\nLARGEST = 1\nORDERS_BY_DAY = {\n    1: 2,\n}\n" + many
    found = localizer(make_repository([("Start", {"shop/settings.py": settings})]), tmp_path, "HEAD")
    issue = parse_issue("Let the default of the largest order be 20\nToday it is 10.")
    text = found.map(1500, found.rank(issue), issue)
    assert "    1| LARGEST_ORDER = 10\n" in text
    assert "LARGEST = 1" not in text
    assert "ORDERS_BY_DAY" not in text
    names = text.split("step_")[1:]
    assert len(set(names)) > 40
    left_out = int(text.split("... and ")[1].split(" more")[0])
    assert len(names) + left_out == 200
    assert "LARGEST_ORDER" not in found.map(1500, found.rank(issue))


def test_a_corrupt_cache_is_rebuilt_and_said_so(shop: Path, tmp_path: Path) -> None:
    first = localizer(shop, tmp_path)
    expected = first.rank(ISSUE).files
    first.close()
    database = next((tmp_path / "cache").glob("*.sqlite"))
    for damage in (b"not a database at all" * 500, b""):
        for suffix in ("-wal", "-shm"):
            database.with_name(database.name + suffix).unlink(missing_ok=True)
        database.write_bytes(damage)
        found = localizer(shop, tmp_path)
        ranking = found.rank(ISSUE)
        found.close()
        assert ranking.files == expected
        assert any("rebuilt" in note for note in ranking.notes) == bool(damage)


def test_pages_damaged_inside_the_file(shop: Path, tmp_path: Path) -> None:
    first = localizer(shop, tmp_path)
    expected = first.rank(ISSUE).files
    first.close()
    database = next((tmp_path / "cache").glob("*.sqlite"))
    pages = database.read_bytes()
    for start in range(4096, len(pages), 4096):
        database.write_bytes(pages[:start] + b"\xa5" * 4096 + pages[start + 4096 :])
        found = localizer(shop, tmp_path)
        ranking = found.rank(ISSUE)
        found.close()
        assert ranking.files == expected


def test_bad_repositories(tmp_path: Path, make_repository: Make) -> None:
    with pytest.raises(InputError, match="not a folder"):
        localizer(tmp_path / "nowhere", tmp_path)
    (tmp_path / "plain").mkdir()
    with pytest.raises(InputError, match="not a git repository"):
        localizer(tmp_path / "plain", tmp_path)
    empty = make_repository([], "empty")
    with pytest.raises(InputError, match="no commit yet"):
        localizer(empty, tmp_path, "HEAD")
    nothing = make_repository([("Start", {})], "nothing")
    with pytest.raises(InputError, match="no source files"):
        localizer(nothing, tmp_path, "HEAD")
    with pytest.raises(InputError, match="no commit 'v9'"):
        localizer(nothing, tmp_path, "v9")
    (tmp_path / "file").write_text("")
    with pytest.raises(InfrastructureError, match="cache folder"):
        Localizer(nothing, cache=tmp_path / "file" / "x")


def test_one_file_links_binaries_and_other_languages(make_repository: Make, tmp_path: Path) -> None:
    one = make_repository([("Start", {"notes": "the frobnicator breaks\n"})], "one")
    assert [file.path for file in localizer(one, tmp_path, "HEAD").rank(parse_issue("frobnicator")).files] == ["notes"]
    odd = make_repository(
        [
            (
                "Start",
                {
                    "m.lua": "function frobnicate() end\n",
                    "b.py": b"\x00\x01",
                    "big.js": b"x=1;" * 300_000,
                    "c.py": "x = 1\n",
                },
            )
        ],
        "odd",
    )
    (odd / "loop").symlink_to(odd)
    (odd / "self").symlink_to("self")
    subprocess.run(["git", "add", "-A"], cwd=odd, check=True)
    subprocess.run(["git", "-c", "user.name=A", "-c", "user.email=a@b", "commit", "-qm", "links"], cwd=odd, check=True)
    assert localizer(odd, tmp_path, "HEAD").rank(parse_issue("frobnicate fails")).files[0].path == "m.lua"


def test_issue_without_common_words_and_in_another_language(shop: Path, tmp_path: Path) -> None:
    found = localizer(shop, tmp_path)
    for text in ("zzzz qqqq", "", "折扣计算 `Discount.apply` 出错", "\x00\ud800"):
        ranking = found.rank(parse_issue(text))
        assert len(ranking.files) <= 6
    assert found.rank(parse_issue("折扣计算 `Discount.apply` 出错")).files[0].path == "shop/pricing/rules.py"
