"""The whole stack: route, journal, cache, chat, recording, provider."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from agent.model.cache import CachedModel
from agent.model.catalog import Catalog, FreeCatalog, Price
from agent.model.chat import PATIENT, Chat, RetryPolicy
from agent.model.journal import JournaledModel
from agent.model.limiter import AdaptiveLimiter
from agent.model.recorded import RecordedTransport, RecordingTransport
from agent.model.routing import RoleModels, RoutedModel
from agent.model.transport import LitellmTransport, Transport
from agent.model.types import Model
from agent.store.store import RunStore
from search.budget import Budget


def open_model(
    models: RoleModels,
    *,
    run: RunStore | None = None,
    budget: Budget | None = None,
    unknown_price: Price | None = None,
    cache: Path | None = None,
    replay: Path | None = None,
    record_to: Path | None = None,
    deadline: float = 600.0,
    retries: RetryPolicy = PATIENT,
    limiters: dict[str, AdaptiveLimiter] | None = None,
    options: Mapping[str, Any] | None = None,
) -> Model:
    """A model as a run uses it.

    Args:
        models: who plays which role.
        run: the run's store: its journal answers first and every call is written there.
        budget: what may be spent; begin a resumed run's with what its store says was spent.
        unknown_price: for hosted models whose price nobody knows; None refuses them.
        cache: SQLite file with answers of earlier runs.
        replay: transcript that answers instead of a provider.
        record_to: transcript to write.
        deadline: seconds for one try.
        retries: how patient to be with one request.
        limiters: shared between the runs of a process, one for each model.
        options: passed on to litellm (`api_base`, ...).
    """
    transport: Transport = RecordedTransport(replay) if replay else LitellmTransport(deadline=deadline, options=options)
    if record_to:
        transport = RecordingTransport(transport, record_to)
    catalog = FreeCatalog() if replay else Catalog(unknown_price)
    model: Model = Chat(transport, catalog, budget=budget, retries=retries, limiters=limiters)
    if cache:
        model = CachedModel(model, cache)
    if run:
        model = JournaledModel(model, run)
    if replay and not models.default:
        models = replace(models, default="recorded")
    return RoutedModel(model, models)


async def check_models(models: RoleModels, unknown_price: Price | None = None) -> None:
    """Refuse names and prices that are unknown before anything is asked.

    Raises:
        InputError: which model, and what to write instead.
    """
    catalog = Catalog(unknown_price)
    for name in models.names():
        await asyncio.to_thread(catalog.card, name)
