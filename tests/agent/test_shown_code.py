"""The code around the ranked functions, as prompts show it."""

import subprocess
from pathlib import Path

from agent.roles.answers import Place, Plan
from agent.roles.locator import Locator
from tools.files import FolderFiles
from tools.issues import parse_issue
from tools.localization import Localizer

SOURCE = b"""\"\"\"Prices.\"\"\"

from decimal import (
    Decimal,
)
import math, sys

if sys.platform == "win32":
    import winreg
\x0c

def discount(price, share):
    import fractions

    return Decimal(price) * share
"""
ISSUE = "discount ignores the share\n\n`discount(10, 0.5)` gives 10"


def located(root: Path, content: bytes, name: str = "prices.py") -> Locator:
    root.mkdir()
    (root / name).write_bytes(content)
    for command in (["init", "-q"], ["add", "-A"], ["-c", "user.name=A", "-c", "user.email=a@b", "commit", "-qm", "x"]):
        subprocess.run(["git", *command], cwd=root, check=True)
    return Locator(Localizer(root, cache=root.parent / "cache"), parse_issue(ISSUE), FolderFiles(root))


def test_a_function_comes_whole_after_the_imports_of_its_file(tmp_path: Path) -> None:
    expected = """# prices.py, its imports
from decimal import (
    Decimal,
)
import math, sys

# prices.py, lines 12 to 15
def discount(price, share):
    import fractions

    return Decimal(price) * share"""
    assert located(tmp_path / "unix", SOURCE).code(()) == expected
    assert located(tmp_path / "dos", SOURCE.replace(b"\n", b"\r\n")).code(()) == expected


def test_imports_are_left_out_where_they_are_long_or_unknown(tmp_path: Path) -> None:
    many = b"".join(b"import module_number_%d\n" % number for number in range(200))
    assert (
        located(tmp_path / "long", many + SOURCE[SOURCE.index(b"def") :]).code(()).startswith("# prices.py, lines 201")
    )
    script = b"function discount(price, share) {\n  return price\n}\n"
    assert located(tmp_path / "other", script, "prices.js").code(()).startswith("# prices.js, lines 1 to 3")


def test_no_example_repeats_what_is_shown(tmp_path: Path) -> None:
    locator = located(tmp_path / "unix", SOURCE + b"\n\ndef other(price):\n    return discount(price, 1)\n")
    shown = locator.code(())
    assert "def discount" in shown
    assert not any(
        example.partition(")")[0].endswith("discount (similar") for example in locator.similar("discount", 5)
    )


def test_a_method_is_not_shown_again_below_its_class(tmp_path: Path) -> None:
    source = b"class Discount:\n    def of(self, price, share):\n        return price * share\n"
    shown = located(tmp_path / "unix", source + b"\n    def free(self):\n        return 1\n").code(())
    assert shown.count("return price * share") == 1


def test_a_planned_function_is_whole_in_the_planners_order_and_a_long_one_beside_it_is_cut_short(
    tmp_path: Path,
) -> None:
    body = "".join(f"    price += {number}\n" for number in range(120))
    source = "".join(f"def {name}(price, share):\n{body}    return price\n\n\n" for name in ("discount", "second"))
    locator = located(tmp_path / "plan", (source + "def first(price):\n    return price\n").encode())
    places = [Place(path="prices.py", name=name) for name in ("first", "second")]
    locator.plan = Plan(files=["prices.py"], functions=places)
    shown = locator.code(())
    heads = [line for line in shown.split("\n") if line.startswith("def ")]
    assert heads == ["def first(price):", "def second(price, share):", "def discount(price, share):"]
    assert "# prices.py, lines 125 to 246" in shown
    assert shown.count("price += 119") == 1
    assert shown.endswith("[77 lines left out]")
