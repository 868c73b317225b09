"""The manifest: what a batch runs, with what; the second start of a batch is held against it."""

from __future__ import annotations

import hashlib
import json
import platform
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

import prompts
from agent.batch.layout import BatchFolder
from agent.config import Settings
from agent.model.redaction import redact
from agent.store.address import FORM, POSTGRESQL, read_url, without_password
from agent.store.encoding import dump
from environments.tasks import Task
from tools.errors import InputError

SCHEMA = 1
FREE_TO_CHANGE = frozenset({"cache", "record", "concurrency"})
"""Settings that do not change what a task's result means."""


class Manifest(BaseModel):
    """What a batch runs.

    Attributes:
        schema_version: of this file.
        created: seconds since the epoch.
        name: of the system, as predictions carry it (`model_name_or_path`).
        source: where the tasks came from, and how they were chosen.
        tasks: how many.
        dataset_hash: SHA-256 over the tasks, in their order.
        design: name of the design; `design_hash` is the SHA-256 of its file.
        models: the models by role, `default` for the rest.
        prices: of these models, US dollars per million tokens, as far as they are known.
        settings: all settings of the runs.
        versions: of Treewright, Python, the prompts, the operating system.
        store: URL of the database that has the ledger, without its password; "" when that is a file beside this one.
    """

    model_config = ConfigDict(frozen=True)

    schema_version: int = SCHEMA
    created: float
    name: str
    source: dict[str, Any]
    tasks: int
    dataset_hash: str
    design: str
    design_hash: str
    models: dict[str, str]
    prices: dict[str, Any]
    settings: dict[str, Any]
    versions: dict[str, Any]
    store: str = ""

    @property
    def owner(self) -> str:
        """What a ledger elsewhere knows this batch by: when it was begun, to the microsecond."""
        return repr(self.created)


def describe(
    tasks: Iterable[Task],
    settings: Settings,
    *,
    source: Mapping[str, Any],
    name: str = "",
    prices: Mapping[str, Any] | None = None,
    store: str = "",
) -> Manifest:
    """The manifest of a batch that begins now."""
    given = tuple(tasks)
    models = dict(settings.role_models) | ({"default": settings.model} if settings.model else {})
    design = settings.design_name
    return Manifest(
        created=time.time(),
        name=name or f"treewright-{Path(design).stem}" + (f"-{settings.model}" if settings.model else ""),
        source=dict(source),
        tasks=len(given),
        dataset_hash=dataset_hash(given),
        design=design,
        design_hash=_design_hash(design),
        models=models,
        prices=dict(prices or {}),
        settings={key: _said(value) for key, value in settings.model_dump(mode="json").items()},
        versions={
            "treewright": version("treewright"),
            "python": platform.python_version(),
            "platform": platform.platform(),
            "prompts": prompts.versions(),
        },
        store=_shown(store),
    )


def dataset_hash(tasks: Iterable[Task]) -> str:
    """SHA-256 over what the tasks say, without where their repositories lie on this machine."""
    total = hashlib.sha256()
    for task in tasks:
        fields = asdict(task)
        fields["repository"] = fields["repository"].rstrip("/").rpartition("/")[2].removesuffix(".git")
        total.update(dump(fields).encode() + b"\n")
    return total.hexdigest()


def read_manifest(folder: BatchFolder) -> Manifest:
    """The manifest of a batch.

    Raises:
        InputError: there is no batch in the folder, or its manifest is damaged.
    """
    try:
        return Manifest.model_validate_json(folder.manifest.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError(f"no batch in {folder.root}", hint="`treewright batch` makes one") from error
    except (OSError, UnicodeDecodeError, ValidationError) as error:
        raise InputError(f"{folder.manifest} cannot be read: {error}") from error


def write_manifest(folder: BatchFolder, manifest: Manifest) -> None:
    """Write it in one step."""
    replace_file(folder.manifest, json.dumps(manifest.model_dump(mode="json"), indent=1, sort_keys=True) + "\n")


def check_same(old: Manifest, new: Manifest) -> None:
    """Refuse to go on with another system than the one that began, or with a ledger that lies elsewhere.

    Raises:
        InputError: names what differs.
    """
    differences = [
        f"{key} was {old.settings.get(key)!r} and is {value!r} now"
        for key, value in sorted(new.settings.items())
        if key not in FREE_TO_CHANGE and not key.startswith("max_") and old.settings.get(key) != value
    ]
    if old.design_hash != new.design_hash and old.design == new.design:
        differences.append(f"the design {new.design} has changed since")
    if differences:
        raise InputError(
            f"this batch was begun with other settings: {'; '.join(differences[:3])}",
            hint="give the same settings (budgets may change), or another --out",
        )
    if new.store and new.store != old.store:
        raise InputError(
            f"the ledger of this batch is in {old.store or 'batch.db'}, not in {new.store}",
            hint="leave --store out (it is remembered; its password is not), or choose another --out",
        )


def replace_file(path: Path, text: str) -> None:
    """Write a file so that it is there in whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    with partial.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        file.write(text)
        file.flush()
    partial.replace(path)


def _shown(store: str) -> str:
    if not store:
        return ""
    url = read_url(store)
    if url.drivername != POSTGRESQL:
        raise InputError("the ledger goes into a file of its own, or into PostgreSQL", hint=FORM)
    return without_password(url)


def _design_hash(design: str) -> str:
    from agent.designs import source_file

    return hashlib.sha256(source_file(design).read_bytes()).hexdigest()


def _said(value: Any) -> Any:
    return redact(value) if isinstance(value, str) else value
