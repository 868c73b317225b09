"""Which model plays which role."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from agent.model.types import Model, Request, Response


@dataclass(frozen=True)
class RoleModels:
    """The model of each role.

    Attributes:
        default: for roles that name none; "" when there is no model at all.
        roles: role to model.
    """

    default: str = ""
    roles: Mapping[str, str] = field(default_factory=dict)

    def model(self, role: str) -> str:
        """The model that plays `role`."""
        return self.roles.get(role, self.default)

    def names(self) -> tuple[str, ...]:
        """All models that may be asked, sorted."""
        return tuple(sorted({self.default, *self.roles.values()} - {""}))


class RoutedModel:
    """Fills in the model of requests that name none; goes outermost, so that everything below knows the name."""

    def __init__(self, inner: Model, models: RoleModels) -> None:
        self._inner = inner
        self._models = models

    async def complete(self, request: Request) -> Response:
        """Answer with the model of the request's role."""
        return await self._inner.complete(replace(request, model=request.model or self._models.model(request.role)))
