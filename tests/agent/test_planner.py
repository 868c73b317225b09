"""The planner: its answer goes before the tokenless order, and nonsense changes nothing."""

import asyncio
import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from agent.model.catalog import FreeCatalog
from agent.model.chat import Chat
from agent.model.routing import RoleModels, RoutedModel
from agent.model.types import Source
from agent.model.wire import Wire
from agent.roles import planner
from agent.roles.locator import Locator
from agent.roles.team import Team
from tools.files import FolderFiles
from tools.issues import parse_issue
from tools.localization import Localizer, Ranking
from tools.testing.types import Baseline

FILES = {
    "shop/rules.py": "class Discount:\n    def apply(self, price):\n        return price\n",
    "shop/cart.py": "class Cart:\n    def total(self):\n        return 1\n\n    def clear(self):\n        return 2\n",
    "shop/stock.py": "def reserve(item):\n    return item\n",
}
ISSUE = "Discount.apply ignores the price"


class Prepared:
    """A transport that always answers the same."""

    source: Source = "replay"

    def __init__(self, content: str) -> None:
        self.content = content
        self.asked: list[Wire] = []

    async def send(self, wire: Wire) -> Mapping[str, Any]:
        self.asked.append(wire)
        message = {"role": "assistant", "content": self.content}
        return {"choices": [{"message": message, "finish_reason": "stop"}], "usage": {}}


@pytest.fixture
def located(tmp_path: Path) -> tuple[Locator, Ranking]:
    root = tmp_path / "shop"
    for path, content in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content)
    for command in (["init", "-q"], ["add", "-A"], ["-c", "user.name=A", "-c", "user.email=a@b", "commit", "-qm", "x"]):
        subprocess.run(["git", *command], cwd=root, check=True)
    localizer = Localizer(root, cache=tmp_path / "cache")
    locator = Locator(localizer, parse_issue(ISSUE), FolderFiles(root))
    return locator, locator.ranking


def plan(locator: Locator, answer: str) -> Prepared:
    transport = Prepared(answer)
    context = locator.context(ISSUE, "0" * 40, runner="pytest", baseline=Baseline())
    team = Team(RoutedModel(Chat(transport, FreeCatalog()), RoleModels("recorded")), context)
    locator.plan = asyncio.run(planner.plan(team, locator, 3))
    return transport


def test_the_plan_goes_first_and_the_rest_stays(located: tuple[Locator, Ranking]) -> None:
    locator, ranking = located
    answer = {
        "files": ["shop/cart.py", "shop/nowhere.py"],
        "functions": [{"path": "shop/cart.py", "name": "clear"}, {"path": "shop/cart.py", "name": "Cart.nothing"}],
    }
    transport = plan(locator, json.dumps(answer))
    assert "def apply" in str(transport.asked[0].body["messages"])
    refined = locator.refined()
    assert [file.path for file in refined.files][:2] == ["shop/cart.py", "shop/rules.py"]
    first = refined.functions[0]
    assert (first.name, first.start, first.end) == ("Cart.clear", 5, 6)
    assert {f.name for f in refined.functions} >= {f.name for f in ranking.functions}
    assert locator.paths()[0] == "shop/cart.py"


@pytest.mark.parametrize(
    "answer",
    [
        "I would rather talk about the weather.",
        "{}",
        json.dumps({"files": ["../../etc/passwd", "no/such.py"], "functions": [{"path": "x", "name": "y"}]}),
        json.dumps({"files": [7]}),
    ],
)
def test_nonsense_leaves_the_tokenless_order(located: tuple[Locator, Ranking], answer: str) -> None:
    locator, ranking = located
    plan(locator, answer)
    assert locator.refined() == ranking
    assert locator.paths() == tuple(file.path for file in ranking.files)
