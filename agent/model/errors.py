"""Why there is no usable answer, sorted by what can be done about it."""

from __future__ import annotations

from typing import ClassVar

from agent.model.types import Usage
from tools.errors import InfrastructureError, TreewrightError


class ModelError(TreewrightError):
    """A model gave no usable answer.

    Attributes:
        kind: the class of failure, as it is stored.
        final: asking the same again gives the same; a resumed run takes the stored failure for the answer.
        status: HTTP status, None when there was none.
        billed: the provider may have charged for it all the same (it answered, or nobody knows).
        usage: tokens of all tries so far; `cost` is their price in US dollars and `tries` their number.
    """

    kind: ClassVar[str] = "error"
    final: ClassVar[bool] = False

    def __init__(self, message: str, *, hint: str = "", status: int | None = None, billed: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.billed = billed
        self.usage = Usage()
        self.cost = 0.0
        self.tries = 0


class TransientError(ModelError, InfrastructureError):
    """It may work later: busy, broken off, timed out, malformed.

    Attributes:
        retry_after: seconds the provider asked to wait, None when it did not.
        rate_limited: it said that there were too many requests.
    """

    kind = "transient"

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        status: int | None = None,
        billed: bool = False,
        retry_after: float | None = None,
        rate_limited: bool = False,
    ) -> None:
        super().__init__(message, hint=hint, status=status, billed=billed)
        self.retry_after = retry_after
        self.rate_limited = rate_limited


class ContextTooLong(ModelError):
    """The conversation does not fit the model: shrink it and ask again."""

    kind = "context"
    final = True


class Refused(ModelError):
    """The model refuses, or a filter stopped its answer."""

    kind = "refused"
    final = True


class InvalidAnswer(ModelError):
    """The answer stayed unusable: empty, cut short, or not of the wanted shape.

    Attributes:
        partial: what there was of it, for the log; never to be applied.
    """

    kind = "invalid"
    final = True

    def __init__(self, message: str, *, hint: str = "", partial: str = "") -> None:
        super().__init__(message, hint=hint, billed=True)
        self.partial = partial


class AccessDenied(ModelError, InfrastructureError):
    """The key, the account, the quota or the model's name is wrong: a person must act."""

    kind = "access"


class FatalModelError(ModelError, InfrastructureError):
    """Anything else: the request itself is refused as wrong, or the client broke."""

    kind = "fatal"


_KINDS: dict[str, type[ModelError]] = {
    error.kind: error
    for error in (TransientError, ContextTooLong, Refused, InvalidAnswer, AccessDenied, FatalModelError)
}


def restore(kind: str, message: str, hint: str = "") -> ModelError:
    """The failure that was stored under `kind`."""
    return _KINDS.get(kind, FatalModelError)(message, hint=hint)
