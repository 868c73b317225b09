"""How fast the viewer is: first paint, size of the static file, a batch page, frames while a large tree moves.

    python benchmarks/viewer/measure.py [FOLDER] [--repeats 5]

FOLDER is one of `runs.py`. The run of 520 nodes is its run `large` or, while there is none, its run `model` with all
that is below the root repeated, so that each node has a conversation, a change and tests. The batch of 300
tasks and the tree of 1,000 nodes are written here by the store's own writers. Times are wall clock, best and median of
the repeats: on a machine with other work the best says more. Processor seconds are those of this process (the server)
and of the page's main thread (Chromium's own count), and do not depend on the load.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sqlite3
import statistics
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from pictures import LAPTOP, chromium, served
from playwright.sync_api import Browser, CDPSession

from agent.batch.ledger import Ledger
from agent.batch.manifest import describe
from agent.batch.status import Ending
from agent.config import Settings
from agent.store.folder import RUN, RunFolder
from agent.store.records import NodeRecord
from agent.store.store import Store
from agent.viewer.runs import RunReader
from agent.viewer.static import export_run
from environments.tasks import Task

MOVE = """async () => {
  const svg = document.getElementById('drawing'), box = svg.getBoundingClientRect();
  const common = { bubbles: true, cancelable: true, pointerId: 1 };
  const at = (x, y, more) => ({ clientX: box.left + x, clientY: box.top + y, ...common, ...more });
  const frames = [];
  let last = performance.now();
  const frame = () => new Promise((done) => requestAnimationFrame((now) => {
    frames.push(now - last); last = now; done();
  }));
  await frame(); await frame(); frames.length = 0;
  svg.dispatchEvent(new PointerEvent('pointerdown', at(300, 300, { button: 0 })));
  for (let i = 1; i <= 60; i += 1) {
    svg.dispatchEvent(new PointerEvent('pointermove', at(300 + 6 * Math.sin(i / 9) * i, 300 - 3 * i)));
    await frame();
  }
  svg.dispatchEvent(new PointerEvent('pointerup', at(0, 0)));
  for (let i = 0; i < 60; i += 1) {
    svg.dispatchEvent(new WheelEvent('wheel', at(300, 300, { deltaY: i < 30 ? -60 : 60 })));
    await frame();
  }
  return frames;
}"""


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="treewright-measure-") as made, chromium() as browser:
        root = Path(made)
        write_tree(root / "thousand", 1000)
        write_batch(root / "batch", 300)
        large = large_run(options.folder, root) if options.folder else None
        if large:
            began, cpu = time.perf_counter(), time.process_time()
            html = export_run(RunReader(RunFolder(large)))
            spent = f"{time.perf_counter() - began:.1f} s, {time.process_time() - cpu:.1f} s of processor"
            print(f"static file of {large.name}: {len(html.encode()) / 1e6:.2f} MB, written in {spent}", flush=True)
            static = root / "run.html"
            static.write_text(html)
            tell("static file, from disk", browser, [static.as_uri()] * options.repeats)
            with served(large) as address:
                tell("run of 520 nodes", browser, [f"{address.partition('/?')[0]}/run/{large.name}"] * options.repeats)
        with served(root) as address:
            base = address.partition("/?")[0]
            tell("run of 1,000 nodes", browser, [f"{base}/run/thousand"] * options.repeats)
            tell("batch of 300 tasks", browser, [f"{base}/batch/batch"] * options.repeats, plots=True)
            for everything in (False, True):
                moved(browser, f"{base}/run/thousand", everything=everything)


def large_run(folder: Path, root: Path) -> Path | None:
    """The run of 520 nodes."""
    if (folder / "large" / "outcome.json").is_file():
        return folder / "large"
    if not (folder / "model").is_dir():
        return None
    made = root.with_name(root.name + "-large") / "repeated"
    shutil.copytree(folder / "model", made)
    with closing(sqlite3.connect(made / "run.db")) as database, database:
        own, per = "substr(id, 1, 12) || :n", "json_extract(data, '$.expansion') || :n"
        (each,) = database.execute("select count(*) from nodes where parent is not null").fetchone()
        for number in range(1, 519 // each + 1):
            values = {"n": f"-{number}", "more": number * each}
            columns = "place + :more, case depth when 1 then parent else substr(parent, 1, 12) || :n end, kind, depth"
            rest = "snapshot, strategy, title, value, status, evaluation, critique, cost, seconds"
            data = f"json_set(data, '$.expansion', {per}), created"
            database.execute(
                f"insert into nodes (run, id, place, parent, kind, depth, {rest}, data, created) select run, {own}, "
                f"{columns}, {rest}, {data} from nodes where parent is not null and id not like '%-%'",
                values,
            )
            rest = (
                "role, model, fingerprint, ordinal, request, messages, response, error, prompt, completion, cached, "
                "estimated, cost, seconds, source, tries, created"
            )
            scopes = "(select json_extract(data, '$.expansion') from nodes where id not like '%-%')"
            database.execute(
                f"insert into calls (run, scope, {rest}) select run, scope || :n, {rest} "
                f"from calls where scope in {scopes}",
                values,
            )
    return made


def tell(name: str, browser: Browser, addresses: list[str], *, plots: bool = False) -> None:
    """Opens pages one after the other, each in a fresh context, and prints how long they took."""
    paints, readies, own, theirs = [], [], [], []
    for address in addresses:
        context = browser.new_context(viewport={"width": LAPTOP[0], "height": LAPTOP[1]})
        page = context.new_page()
        session = context.new_cdp_session(page)
        session.send("Performance.enable")
        cpu = time.process_time()
        page.goto(address, timeout=120_000)
        page.wait_for_function(
            f"() => document.body.dataset.{'plots' if plots else 'ready'}"
            " && performance.getEntriesByName('first-contentful-paint').length",
            timeout=120_000,
        )
        readies.append(page.evaluate("performance.now()"))
        paints.append(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"))
        own.append(time.process_time() - cpu)
        theirs.append(busy(session))
        context.close()
    ready = "plots drawn" if plots else "usable"
    print(
        f"{name}: first paint {spread(paints)}, {ready} {spread(readies)}; "
        f"processor: server {1000 * min(own):.0f} ms, page {1000 * min(theirs):.0f} ms",
        flush=True,
    )


def moved(browser: Browser, address: str, *, everything: bool) -> None:
    """Drags and zooms a tree; with `everything`, each node is drawn as a card."""
    context = browser.new_context(viewport={"width": LAPTOP[0], "height": LAPTOP[1]})
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Performance.enable")
    page.goto(address, timeout=120_000)
    page.wait_for_function("() => document.body.dataset.ready")
    if everything:
        page.evaluate("() => window.treewright.spreadAll()")
    shapes = page.locator("#drawing *").count()
    page.wait_for_timeout(500)
    before = busy(session)
    frames = sorted(page.evaluate(MOVE))
    spent = busy(session) - before
    print(
        f"1,000 nodes, {'all as cards' if everything else 'as they are drawn'} ({shapes} shapes), 120 frames "
        f"of pan and zoom: median {statistics.median(frames):.1f} ms, 95th of 100 "
        f"{frames[int(0.95 * len(frames))]:.1f} ms, main thread {1000 * spent / len(frames):.1f} ms a frame",
        flush=True,
    )
    context.close()


def busy(session: CDPSession) -> float:
    """Seconds for which the page's main thread worked."""
    metrics: list[dict[str, Any]] = session.send("Performance.getMetrics")["metrics"]
    return float(next(each["value"] for each in metrics if each["name"] == "TaskDuration"))


def spread(values: list[float]) -> str:
    """Best and median."""
    return f"{min(values):.0f} ms (median {statistics.median(values):.0f})"


def write_tree(root: Path, count: int) -> None:
    """A finished run of `count` nodes: strategies, patches, repairs, three to eight children each."""
    draw = random.Random(0)
    root.mkdir(parents=True)
    with Store.open(root / "run.db") as store:
        run = store.create_run(RUN, task={"id": "thousand", "problem": "# A large tree"}, config={}, versions={})
        run.put_node(NodeRecord("n0", None, "root", 0, status="done"))
        waiting, number = [("n0", 0)], 1
        while number < count:
            parent, depth = waiting.pop(0)
            for _ in range(draw.randrange(3, 9)):
                if number == count:
                    break
                kind = ("strategy", "patch", "repair")[min(depth, 2)]
                value = None if kind == "strategy" else round(draw.random(), 3)
                targets = {f"t{place}": draw.choice(("passed", "failed")) for place in range(3)}
                evaluation = {"targets": targets, "held": 9, "broken": [], "regressions_run": True, "findings": []}
                title = f"{kind} {number}: {' '.join(draw.choices(WORDS, k=7))}"
                run.put_node(
                    NodeRecord(
                        *(f"n{number}", parent, kind, depth + 1, "", title, title, value, "done"),
                        evaluation=None if value is None else evaluation,
                    )
                )
                waiting.append((f"n{number}", depth + 1))
                number += 1
        run.finish({"status": "solved", "node": "n900", "patch": "diff", "confidence": 0.7}, status="solved")


WORDS = ("remainder", "cache", "key", "loop", "empty", "boundary", "iterator", "default", "branch", "earlier", "twice")


def write_batch(root: Path, count: int) -> None:
    """A batch of `count` tasks that ended, judged."""
    draw = random.Random(0)
    root.mkdir(parents=True)
    tasks = [Task(f"project__project-{number:05d}", "repo", problem="x") for number in range(count)]
    (root / "manifest.json").write_text(describe(tasks, Settings(), source={}, name="measured").model_dump_json())
    verdicts: dict[str, dict[str, object]] = {}
    with Ledger(root / "batch.db") as ledger:
        ledger.add(tasks)
        for task in tasks:
            sure = draw.random()
            spent = {"usd": draw.random(), "calls": 30, "tokens": 300_000, "nodes": draw.randrange(2, 40)}
            outcome = {"status": "solved", "patch": "diff", "confidence": sure, "spending": spent}
            status: Ending = "solved-candidate" if sure > 0.5 else "abstained"
            ledger.finish(task.id, status, reason="" if sure > 0.5 else "not sure enough", outcome=outcome)
            (root / "tasks" / task.id).mkdir(parents=True)
            right = draw.random() < sure
            verdicts[task.id] = {"resolved": right, "status": "resolved" if right else "unresolved"}
    (root / "evaluation.json").write_text(json.dumps({"instances": verdicts}))


if __name__ == "__main__":
    main()
