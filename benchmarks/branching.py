"""Visiting many sibling nodes of one repository: a pool of workspaces against git worktrees and full copies.

Every node is the base with one file changed. Timed for each way, in one run, on the same file system:

* pool: commit the node in the store, move one of a few workspaces to it, change one more file there, capture that;
* worktree: `git worktree add --detach` of the node's commit (made beforehand with the same changes);
* copy: `cp -a` of a checked-out work tree, then writing the changed file.

A node must be visited to be tested, so making the folder hold the node's files is part of each. Prints JSON with
`--json`, else text. The repository given is not changed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from environments.workspaces import WorkspacePool
from tools.snapshots import Change, SnapshotStore


def git(*arguments: str, folder: Path) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def changed_files(store: SnapshotStore, count: int) -> list[tuple[str, bytes]]:
    """One Python file (else any) for each node, spread over the repository, with a line added."""
    entries = [entry for entry in store.files(store.base) if entry.mode != 0o120000]
    names = [entry.path for entry in entries if entry.path.endswith(".py")] or [entry.path for entry in entries]
    step = max(1, len(names) // count)
    chosen = [names[(index * step) % len(names)] for index in range(count)]
    return [(path, store.read(store.base, path) + b"# %d\n" % index) for index, path in enumerate(chosen)]


async def visit_with_pool(store: SnapshotStore, folder: Path, changes: list[tuple[str, bytes]], size: int) -> list[str]:
    pool = WorkspacePool(store, folder, size)
    nodes = []

    async def visit(path: str, data: bytes) -> None:
        node = store.commit(store.base, {path: Change(data)}, subject="node", trailers={"Kind": "patch"})
        async with pool.at(node) as workspace:
            await asyncio.to_thread(workspace.write, path, data + b"# repaired\n")
            nodes.append(await asyncio.to_thread(workspace.capture, subject="repair"))

    for start in range(0, len(changes), size):
        await asyncio.gather(*(visit(*change) for change in changes[start : start + size]))
    await pool.close()
    return nodes


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def check(store: SnapshotStore, nodes: list[str], count: int) -> None:
    wrong = [node for node in nodes if len(store.changed_paths(store.base, node)) != 1]
    if wrong or len(set(nodes)) != count:
        raise SystemExit(f"{len(wrong)} of {len(nodes)} nodes are wrong")


def measure(repository: Path, folder: Path, count: int) -> dict[str, float]:
    store: SnapshotStore | None = None
    seconds: dict[str, float] = {}

    def create() -> None:
        nonlocal store
        store = SnapshotStore.create(folder / "git", repository)

    seconds["create the store"] = timed(create)
    assert store is not None
    changes = changed_files(store, count)
    for size in (1, 2):
        nodes: list[str] = []

        def pooled(size: int = size, nodes: list[str] = nodes) -> None:
            nodes += asyncio.run(visit_with_pool(store, folder / f"pool{size}", changes, size))

        seconds[f"pool of {size}"] = timed(pooled)
        check(store, nodes, count)

    clone = folder / "clone"
    git("clone", "-q", "--shared", "--no-checkout", str(repository), str(clone), folder=folder)
    git("checkout", "-q", "--detach", store.source_commit, folder=clone)
    commits = [store.commit(store.base, {path: Change(data)}, subject="node") for path, data in changes]
    (clone / ".git/objects/info/alternates").open("a").write(f"{store.git_dir / 'objects'}\n")

    def worktrees() -> None:
        for index, commit in enumerate(commits):
            git("worktree", "add", "-q", "--detach", str(folder / "trees" / str(index)), commit, folder=clone)

    seconds["git worktree add"] = timed(worktrees)
    shutil.rmtree(folder / "trees")

    def copies() -> None:
        for index, (path, data) in enumerate(changes):
            copy = folder / "copies" / str(index)
            copy.mkdir(parents=True)
            subprocess.run(["cp", "-a", f"{clone}/.", copy], check=True)
            (copy / path).write_bytes(data)

    seconds["cp -a"] = timed(copies)
    store.close()
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repo", type=Path, required=True)
    parser.add_argument("--nodes", type=int, default=100)
    parser.add_argument("--folder", type=Path, help="where to work (default: the temporary folder)")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="branching-", dir=options.folder) as name:
        seconds = measure(options.repo.resolve(), Path(name), options.nodes)
    ratios = {
        f"{way} / pool of {size}": seconds[way] / seconds[f"pool of {size}"]
        for way in ("git worktree add", "cp -a")
        for size in (1, 2)
    }
    if options.json:
        print(json.dumps({"nodes": options.nodes, "seconds": seconds, "ratios": ratios}, indent=1))
        return
    print(f"{options.nodes} sibling nodes of {options.repo.name}, seconds")
    for way, spent in seconds.items():
        print(f"  {way:<20} {spent:8.2f}")
    for pair, ratio in ratios.items():
        print(f"  {pair:<35} {ratio:6.1f}")


if __name__ == "__main__":
    main()
