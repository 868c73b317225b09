"""A run in a process of its own, to be killed: asks every question of the plan through the run's journal."""

import asyncio
import json
import sys
import urllib.request
from pathlib import Path

from agent.model.catalog import FreeCatalog, ModelCard, Price
from agent.model.chat import Chat
from agent.model.journal import JournaledModel
from agent.model.types import Message, Request
from agent.store.store import Store


class PricedCatalog(FreeCatalog):
    def card(self, model):
        return ModelCard(Price(1e-3, 2e-3, 1e-4, 1e-3))


class HttpTransport:
    """Plain HTTP: a client that starts fast."""

    source = "live"

    def __init__(self, url):
        self.url = f"{url}/chat/completions"

    async def send(self, wire):
        return await asyncio.to_thread(self._post, json.dumps(wire.body).encode())

    def _post(self, body):
        with urllib.request.urlopen(self.url, body, timeout=30) as answer:
            return json.load(answer)


def plan(count):
    """Questions of several nodes; each is asked twice, and the nodes ask the same ones."""
    for number in range(count):
        messages = (Message("system", "stable " * 50), Message("user", f"question {number // 4}"))
        yield Request("solver", messages, model="openai/hand", scope=f"node{number % 2}", max_tokens=50)


async def work(path, url, count, workers):
    with Store.open(path) as store:
        run = store.create_run("r", task={}, config={})
        model = JournaledModel(Chat(HttpTransport(url), PricedCatalog()), run)
        waiting = list(plan(count))[::-1]

        async def worker():
            while waiting:
                response = await model.complete(waiting.pop())
                assert response.text == "fine"

        await asyncio.gather(*[worker() for _ in range(workers)])
        run.finish({"status": "done"})


if __name__ == "__main__":
    asyncio.run(work(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
