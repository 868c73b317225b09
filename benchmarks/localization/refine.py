"""What the planner's one call adds to the tokenless list, on SWE-bench instances: ranks before and after, and tokens.

Run as `python -m benchmarks.localization.refine open.jsonl --repositories "/data/{owner}__{name}.git" --cache /tmp/i
--answers benchmarks/localization/answers.json` for answers given once, whose instances are taken, or with `--model
openai/hand --only django-1 --record transcript.jsonl` for new ones; `--replay transcript.jsonl` asks nobody.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

from agent.model.catalog import Price
from agent.model.open import open_model, open_transport
from agent.model.routing import RoleModels
from agent.model.types import Model, Request, Response, Usage
from agent.roles import planner
from agent.roles.locator import Locator
from agent.roles.team import Team
from benchmarks.localization.evaluate import FILE_CUTS, FUNCTION_CUTS, accuracy, last_rank
from benchmarks.localization.gold import gold
from benchmarks.localization.instances import Instance, locate, read_instances
from tools.issues import parse_issue
from tools.localization import Localizer, Ranking
from tools.localization.index import Index
from tools.testing.types import Baseline

LIMIT = 5


class IndexFiles:
    """The files of an index as a `FileReader`."""

    def __init__(self, index: Index) -> None:
        self._index = index

    def paths(self) -> Sequence[str]:
        """The indexed files, sorted."""
        return sorted(self._index.by_path)

    def exists(self, path: str) -> bool:
        """Whether `path` is indexed."""
        return path in self._index.by_path

    def is_link(self, path: str) -> bool:
        """Never: links are not indexed."""
        return False

    def read(self, path: str) -> bytes:
        """The bytes of `path`."""
        number = self._index.by_path[path].number
        return self._index.read([number])[number].encode()


class Counted:
    """A model that adds up what was used."""

    def __init__(self, inner: Model) -> None:
        self._inner = inner
        self.usage = Usage()

    async def complete(self, request: Request) -> Response:
        """As the inner model."""
        response = await self._inner.complete(request)
        self.usage += response.usage
        return response


class Answered:
    """A model whose one answer is known; tokens are a quarter of the characters."""

    def __init__(self, answer: object) -> None:
        self._answer = answer

    async def complete(self, request: Request) -> Response:
        """The answer, whatever is asked."""
        text = json.dumps(self._answer)
        usage = Usage(sum(len(message.content) for message in request.messages) // 4, len(text) // 4, estimated=True)
        parsed = request.schema.model_validate_json(text) if request.schema else None
        return Response(text=text, parsed=parsed, usage=usage)


async def refine(instance: Instance, repository: Path, cache: Path, model: Model) -> dict[str, int | str | None]:
    """The rank of the last gold file and function before and after the planner's call, and the tokens it took."""
    localizer = Localizer(repository, instance.commit, cache=cache)
    files = IndexFiles(localizer.index)
    locator = Locator(localizer, parse_issue(instance.problem), files)
    counted = Counted(model)
    context = locator.context(instance.problem, instance.commit, runner="", baseline=Baseline(), why="none was run")
    locator.plan = await planner.plan(Team(counted, context), locator, LIMIT)
    wanted, functions = gold(instance.patch, lambda path: files.read(path).decode())

    def ranks(found: Ranking) -> tuple[int, int | None]:
        paths = [file.path for file in found.files]
        return last_rank(paths, wanted) or 0, last_rank([(f.path, f.name) for f in found.functions], functions)

    before, after = ranks(locator.ranking), ranks(locator.refined())
    localizer.close()
    return {
        "id": instance.id,
        "file_before": before[0],
        "file_after": after[0],
        "function_before": before[1],
        "function_after": after[1],
        "tokens": counted.usage.prompt + counted.usage.completion,
    }


async def _all(options: argparse.Namespace) -> list[dict[str, int | str | None]]:
    answers = json.loads(options.answers.read_text()) if options.answers else {}
    only = options.only or list(answers)
    transport = open_transport(replay=options.replay, record_to=options.record, deadline=7200.0)
    model = open_model(RoleModels(default=options.model), transport=transport, unknown_price=Price(0.0, 0.0))
    chosen = [found for found in read_instances(options.instances) if found.id in only or not only]
    limit = asyncio.Semaphore(options.concurrency)

    async def one(instance: Instance) -> dict[str, int | str | None]:
        async with limit:
            repository = locate(instance.repository, options.repositories)
            told = Answered(answers[instance.id]) if instance.id in answers else model
            result = await refine(instance, repository, options.cache, told)
            print(*result.values(), flush=True)
            return result

    try:
        return list(await asyncio.gather(*(one(instance) for instance in chosen)))
    finally:
        await transport.close()


def main() -> None:
    """Runs the comparison from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("instances", nargs="+", type=Path)
    parser.add_argument("--repositories", action="append", required=True, help="pattern with {owner} and {name}")
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--only", action="append", default=[], help="an id; all when not given")
    parser.add_argument("--model", default="")
    parser.add_argument("--answers", type=Path, help="JSON object: an id to the planner's answer")
    parser.add_argument("--record", type=Path)
    parser.add_argument("--replay", type=Path)
    parser.add_argument("--concurrency", type=int, default=1)
    results = asyncio.run(_all(parser.parse_args()))
    for when in ("before", "after"):
        files = [int(result[f"file_{when}"] or 0) for result in results]
        functions = [rank for result in results if isinstance(rank := result[f"function_{when}"], int)]
        print(
            when, "files", accuracy(files, FILE_CUTS), "functions", accuracy(functions, FUNCTION_CUTS), len(functions)
        )
    tokens = sorted(int(result["tokens"] or 0) for result in results)
    print("tokens: median", tokens[len(tokens) // 2], "most", tokens[-1])


if __name__ == "__main__":
    main()
