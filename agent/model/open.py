"""The whole stack: route, journal, cache, chat, recording, provider."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from agent.model.cache import CachedModel
from agent.model.catalog import Catalog, FreeCatalog, Price
from agent.model.chat import PATIENT, Chat, RetryPolicy
from agent.model.gate import Gate
from agent.model.journal import JournaledModel
from agent.model.recorded import RecordedTransport, RecordingTransport
from agent.model.routing import RoleModels, RoutedModel
from agent.model.transport import Transport
from agent.model.types import Model
from agent.store.store import RunStore
from search.budget import Budget
from tools.errors import TreewrightError

_log = logging.getLogger("treewright.model")


def open_model(
    models: RoleModels,
    *,
    transport: Transport,
    run: RunStore | None = None,
    budget: Budget | None = None,
    unknown_price: Price | None = None,
    cache: Path | None = None,
    retries: RetryPolicy = PATIENT,
    gate: Gate | None = None,
) -> Model:
    """A model as a run uses it.

    Args:
        models: who plays which role.
        transport: from `open_transport`.
        run: the run's store: its journal answers first and every call is written there.
        budget: what may be spent; begin a resumed run's with what its store says was spent.
        unknown_price: for hosted models whose price nobody knows; None refuses them.
        cache: SQLite file with answers of earlier runs.
        retries: how patient to be with one request.
        gate: shared with other runs.
    """
    replayed = transport.source == "replay"
    catalog = FreeCatalog() if replayed else Catalog(unknown_price)
    model: Model = Chat(transport, catalog, budget=budget, retries=retries, gate=gate)
    if cache:
        model = _cached(model, cache)
    if run:
        model = JournaledModel(model, run)
    if replayed and not models.default:
        models = replace(models, default="recorded")
    return RoutedModel(model, models)


def _cached(model: Model, path: Path) -> Model:
    """With the answers of earlier runs, where they can be read: a cache only saves money, it stops nothing."""
    try:
        return CachedModel(model, path)
    except TreewrightError as error:
        _log.warning("the kept answers are left out: %s (delete %s to begin anew)", error, path)
        return model


def open_transport(
    *,
    replay: Path | None = None,
    record_to: Path | None = None,
    deadline: float = 600.0,
    options: Mapping[str, Any] | None = None,
) -> Transport:
    """The way to the models; close it at the end.

    Args:
        replay: transcript that answers instead of a provider.
        record_to: transcript to write.
        deadline: seconds for one try.
        options: passed on to litellm (`api_base`, ...).

    Raises:
        InputError: the transcript cannot be read.
    """
    transport: Transport = RecordedTransport(replay) if replay else _live(deadline, options)
    return RecordingTransport(transport, record_to) if record_to else transport


def _live(deadline: float, options: Mapping[str, Any] | None) -> Transport:
    from agent.model.direct import ProviderTransport  # its HTTP client takes a fifth of a whole start

    return ProviderTransport(deadline=deadline, options=options)


async def check_models(models: RoleModels, unknown_price: Price | None = None) -> None:
    """Refuse names and prices that are unknown before anything is asked.

    Raises:
        InputError: which model, and what to write instead.
    """
    catalog = Catalog(unknown_price)
    for name in models.names():
        await asyncio.to_thread(catalog.card, name)
