"""Models whose answers were written in advance, by hand, so that runs with a model can be shown with no key.

`answer` knows one issue of boltons, `answer_many` a function of a made-up shop. They are served as an OpenAI-compatible
endpoint on this machine; tokens are estimated, four characters each, and what an earlier request began with too counts
as cached. In the boltons run the first strategy leaves the issue's own case out, the second loses what was there
before, the third forgets the keyword arguments, which only the critic sees, and is right after one repair. Nothing
is claimed from such runs about solving issues.
"""

from __future__ import annotations

import itertools
import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ISSUE = """# OneToOne.update() fails for an empty iterable, and loses pairs of an iterator

`OneToOne().update([])` raises `UnboundLocalError`; `dict().update([])` is a no-op, and so should this be.

```python
>>> from boltons.dictutils import OneToOne
>>> OneToOne().update([])
UnboundLocalError: cannot access local variable 'keys_vals'
```

While looking at it: a generator of pairs is consumed before it is stored, so that **nothing** of
`OneToOne().update((n, str(n)) for n in range(3))` arrives but an error.
"""
PATH = "boltons/dictutils.py"
HEAD = "def update(self, dict_or_iterable, **kw):\n"
LOOP = "    for key, val in keys_vals:\n        self[key] = val\n"
KEYWORDS = "    for val in kw.values():\n        hash(val)\n    keys_vals.extend(kw.items())\n"
IN_DICT = (
    "    if isinstance(dict_or_iterable, dict):\n        keys_vals = list(dict_or_iterable.items())\n"
    "        for key, val in keys_vals:\n            hash(val)\n"
)
AS_BEFORE = (
    "    else:\n        for key, val in dict_or_iterable:\n            hash(key)\n            hash(val)\n"
    "            keys_vals = list(dict_or_iterable)\n"
)
START_EMPTY = "    keys_vals = []\n" + (IN_DICT + AS_BEFORE)
LIST_FIRST = (
    "    if isinstance(dict_or_iterable, dict):\n        keys_vals = list(dict_or_iterable.items())\n"
    "    else:\n        keys_vals = list(dict_or_iterable)\n"
    "    for key, val in keys_vals:\n        hash(key)\n        hash(val)\n"
)
THROUGH_DICT = "    self.clear()\n    dict.update(self, dict_or_iterable, **kw)\n"
THROUGH_DICT += "    for key, val in dict.items(self):\n        dict.__setitem__(self.inv, val, key)\n"

STRATEGIES = (
    (
        "Initialise keys_vals before the branches",
        "`keys_vals` is bound inside the loops only, so an empty argument leaves it unbound. Bind it first.",
    ),
    (
        "Leave the work to dict.update and rebuild the inverse",
        "Let `dict.update` take every form of argument, then write the inverse mapping from the result.",
    ),
    (
        "Take the pairs into a list once, then check and store",
        "Both branches only differ in how they get at the pairs: make the list first, check all of it for hashability, "
        "then store. An iterator is read once.",
    ),
)
WORK: dict[str, list[tuple[str, str]]] = {
    STRATEGIES[0][0]: [
        (
            IN_DICT + AS_BEFORE + KEYWORDS + LOOP,
            "binds the list in the branch for dicts; the other one binds it where it did",
        ),
        (START_EMPTY + KEYWORDS + LOOP, "starts with an empty list, so that no branch leaves it unbound"),
        (START_EMPTY.replace("[]", "list()") + KEYWORDS + LOOP, "the same with list(); I see nothing else to change"),
    ],
    STRATEGIES[1][0]: [(THROUGH_DICT, "dict.update takes all forms; the inverse is written from what is there")],
    STRATEGIES[2][0]: [
        (LIST_FIRST + LOOP, "reads the argument once into a list, checks everything, then stores"),
        (LIST_FIRST + KEYWORDS + LOOP, "reads the argument once into a list, then the keywords, checks all, stores"),
    ],
}
REASONS = {
    "clear()": (
        "abandon",
        0.05,
        "It **throws away** what the mapping held before, and an unhashable value stops it "
        "half-way. The inverse of overwritten keys stays.",
    ),
    "-        keys_vals.extend(kw.items())": (
        "repair",
        0.4,
        "The list is read once, which is right. But the **keyword arguments are lost**: "
        "`update({1: 2}, cat='dog')` stored both before.",
    ),
    "list()": (
        "abandon",
        0.2,
        "The same as before in other words. An iterator is still read by the loop before "
        "`list()` sees it: `update(iter([(1, 2)]))` stores nothing.",
    ),
    "keys_vals = []": (
        "repair",
        0.45,
        "Empty arguments are right now. But the generator of the issue is consumed by "
        "the loop: the first pair is read, the list gets the rest.",
    ),
    "keys_vals = list(dict_or_iterable)\n+": (
        "keep",
        0.92,
        "One list, one check, one loop. Empty dicts, empty lists "
        "and iterators all arrive; nothing is stored when a value is unhashable.",
    ),
    "": ("repair", 0.3, "Only the branch for dicts is repaired; `update([])`, which the issue shows, still fails."),
}
TESTS = (
    "def test_empty_list_is_a_no_op():\n    both = OneToOne({1: 2})\n    both.update([])\n"
    "    assert (both, both.inv) == ({1: 2}, {2: 1})\n",
    "def test_an_iterator_arrives_whole():\n    both = OneToOne()\n    both.update((n, str(n)) for n in range(3))\n"
    "    assert both == {0: '0', 1: '1', 2: '2'}\n    assert both.inv == {'0': 0, '1': 1, '2': 2}\n",
)


def answer(messages: list[dict[str, Any]]) -> dict[str, Any]:
    """The message that answers a request."""
    place = max(index for index, each in enumerate(messages) if "# Your turn: " in str(each["content"]))
    turn = str(messages[place]["content"])
    role = turn.split("# Your turn: ")[1].split("\n", 1)[0]
    if role == "planner":
        found = {"files": [PATH], "functions": [{"path": PATH, "name": "OneToOne.update"}]}
        return say(found | {"reason": "The traceback ends there: keys_vals is bound inside the loops only."})
    if role == "tester":
        if "Does it fail for the reason" in turn:
            return say({"for_the_reason": True, "why": "it is the UnboundLocalError, or the lost pair, of the issue"})
        path = turn.split("FILE: ")[1].split("\n", 1)[0]
        body = TESTS["angle" in turn or "from this side" in turn]
        return {"content": f"FILE: {path}\n```python\nfrom boltons.dictutils import OneToOne\n\n\n{body}```\n"}
    if role == "thinker":
        return say({"strategies": [{"title": title, "description": text} for title, text in STRATEGIES]})
    if role == "critic":
        verdict, score, why = next(value for key, value in REASONS.items() if key in turn)
        return say({"verdict": verdict, "score": score, "reasons": why})
    return work(turn, role, len(messages) - place - 1)


def work(turn: str, role: str, after: int) -> dict[str, Any]:
    """The next step of a solver or debugger: look, edit, run the tests, submit."""
    attempts = next(each for title, each in WORK.items() if title in turn)
    tried = 0 if role == "solver" else 2 if "keys_vals = []" in turn else 1
    body, summary = attempts[min(tried, len(attempts) - 1)]
    step = after // 2
    if step == 0:
        return call("view", "I look at the function before I change it.", path=PATH, start=896, end=915)
    if step == 1:
        return call("rewrite_function", "", path=PATH, name="OneToOne.update", source=HEAD + body)
    if step == 2:
        return call("test", "Now the tests that judge it.")
    return call("submit", "", summary=summary[0].upper() + summary[1:] + ".")


FORMULAS = (
    "[total // people + (i == total % people) for i in range(people)]",
    "[total // people + (i >= total % people) for i in range(people)]",
    "[total // people + 1 for i in range(people)]",
    "[total // people for i in range(people)]",
    "[total / people for i in range(people)]",
    "[round(total / people) for i in range(people)]",
    "[total // people + total % people] + [total // people] * (people - 1)",
    "[total // people] * (people - 1) + [total // people + total % people]",
    "[total // people + (i <= total % people) for i in range(people - 1)]",
)
"""Ways to share that are all wrong somewhere."""
WAYS = tuple(
    (f"Way {number}: {title}", f"Change where the remainder goes, {title}; see what the tests say to it.")
    for number, title in enumerate(
        (
            "to the first",
            "to the last",
            "to nobody",
            "to one alone",
            "by rounding",
            "by division",
            "by counting",
            "twice",
        ),
        1,
    )
)
count = itertools.count(1)


def answer_many(messages: list[dict[str, Any]]) -> dict[str, Any]:
    """As `answer`, for `restless.py`: no patch is like another, and none is right."""
    place = max(index for index, each in enumerate(messages) if "# Your turn: " in str(each["content"]))
    turn = str(messages[place]["content"])
    role = turn.split("# Your turn: ")[1].split("\n", 1)[0]
    if role == "planner":
        return say({"files": ["shop.py"], "functions": [{"path": "shop.py", "name": "share"}]})
    if role == "thinker":
        return say({"strategies": [{"title": title, "description": text} for title, text in WAYS]})
    if role == "critic":
        number = next(count)
        return say(
            {"verdict": "repair", "score": 0.1 + 0.1 * (number % 6), "reasons": f"Case {number} is not right yet."}
        )
    step = (len(messages) - place - 1) // 2
    number = next(count)
    if step == 0:
        source = f"def share(total, people):\n    # attempt {number}\n    return {FORMULAS[number % len(FORMULAS)]}\n"
        return call("rewrite_function", f"Attempt {number}.", path="shop.py", name="share", source=source)
    return call("submit", "", summary=f"Gives the remainder in another way, number {number}.")


Player = Callable[[list[dict[str, Any]]], dict[str, Any]]


def say(found: dict[str, Any]) -> dict[str, Any]:
    """An answer of one message."""
    return {"content": json.dumps(found)}


def call(tool: str, words: str, /, **arguments: object) -> dict[str, Any]:
    """An answer that calls a tool."""
    function = {"name": tool, "arguments": json.dumps(arguments)}
    return {"content": words or None, "tool_calls": [{"id": f"call_{tool}", "type": "function", "function": function}]}


def common(a: str, b: str) -> int:
    """How many characters both begin with."""
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if a.startswith(b[:middle]) else (low, middle - 1)
    return low


@contextmanager
def serving(play: Player = answer) -> Iterator[None]:
    """The endpoint, answered by `play`, and the environment variables that lead to it."""
    seen: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            text = json.dumps(request["messages"])
            cached = max((common(text, other) for other in seen), default=0)
            seen.append(text)
            message = {"role": "assistant", **play(request["messages"])}
            usage = {
                "prompt_tokens": len(text) // 4,
                "completion_tokens": len(json.dumps(message)) // 4,
                "total_tokens": (len(text) + len(json.dumps(message))) // 4,
                "prompt_tokens_details": {"cached_tokens": cached // 4},
            }
            finish = "tool_calls" if "tool_calls" in message else "stop"
            body = {"id": "x", "object": "chat.completion", "created": 0, "model": "hand", "usage": usage}
            data = json.dumps(body | {"choices": [{"index": 0, "message": message, "finish_reason": finish}]}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *arguments: object) -> None:
            """Nothing is logged."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    os.environ |= {"OPENAI_API_BASE": f"http://127.0.0.1:{server.server_port}/v1", "OPENAI_API_KEY": "none"}
    try:
        yield
    finally:
        server.shutdown()
