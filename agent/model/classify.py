"""What a failure of the client or the provider means, whatever class it comes in."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from agent.model.client import key_variables, provider_of
from agent.model.errors import AccessDenied, ContextTooLong, FatalModelError, ModelError, Refused, TransientError
from agent.model.redaction import redact

REJECTED = "the provider does not accept this request for this model: try another one with --model"
_CONTEXT = re.compile(
    r"context.?(length|window)|maximum context|prompt is too long|too many (input )?tokens|input.{0,30}too long"
    r"|exceeds? the (maximum|model).{0,40}tokens|request too large|reduce the length",
    re.IGNORECASE,
)
_FILTERED = re.compile(r"content.?(filter|management|policy)|safety (system|filter|setting)|usage policies", re.I)
_QUOTA = re.compile(r"insufficient_quota|exceeded your current quota|credit balance|billing|payment required", re.I)
_NO_KEY = re.compile(
    r"missing credentials|api.?key.{0,40}(must be set|not (set|provided|found)|is missing|required)", re.I
)
_PACED = re.compile(r"retrydelay|per.?minute|rate.?limit|try again in", re.IGNORECASE)
_DELAY = re.compile(r"(?:retrydelay\W+|try again in )(\d+(?:\.\d+)?)\s*(ms|s)\b", re.IGNORECASE)
_MARKUP = re.compile(r"<(script|style).*?</\1>|<[^>]*>", re.IGNORECASE | re.DOTALL)
_MAY_BE_QUOTA = frozenset({None, 200, 400, 429, 500})  # gateways put a provider's refusal under statuses of their own
_RETRIED = frozenset({408, 409, 425, 429, 498, 499})
_WRAPPING = re.compile(r"^(?:(?:litellm\.)?\w+(?:Error|Exception)(?: Error)?: |\w+Exception - |Timeout Error: )+")
_LONGEST = 300


def classify(error: Exception, model: str) -> ModelError:
    """Sort what litellm raised for `model` by what can be done about it; the unknown is fatal."""
    status = _status(error)
    headers = _headers(error)
    text = f"{error} {getattr(error, 'code', '') or ''}"
    words = _WRAPPING.sub("", str(error)).partition("Traceback (most recent")[0]
    said = f"{model}: {readable(words) or type(error).__name__}" + (f" (HTTP {status})" if status else "")
    name = type(error).__name__
    if name == "ContextWindowExceededError" or status == 413 or (status in (400, 422) and _CONTEXT.search(text)):
        return ContextTooLong(said, status=status)
    if name == "ContentPolicyViolationError" or (status in (400, 422) and _FILTERED.search(text)):
        return Refused(said, status=status)
    if status in (401, 402, 403, 404) or _NO_KEY.search(text) or (status in _MAY_BE_QUOTA and is_quota(text)):
        return AccessDenied(said, status=status, hint=_remedy(status, text, model))
    if name in {"Timeout", "APIConnectionError", "APIError"} or _is_retried(status):
        return TransientError(
            said,
            status=status,
            billed=headers is None,  # no answer came, or none that could be read: it may have been worked on
            retry_after=retry_after(headers or {}, text),
            rate_limited=status in (429, 529),
            hint="the provider is busy or unreachable; `treewright resume` goes on from here",
        )
    return FatalModelError(said, status=status, hint=REJECTED)


def retry_after(headers: Mapping[str, str], text: str = "", now: float | None = None) -> float | None:
    """Seconds that a response asks to wait (in ms, in s, as a date, or in its words); None when it does not."""
    values = {str(key).lower(): str(value).strip() for key, value in headers.items()}
    try:
        if "retry-after-ms" in values:
            return max(0.0, float(values["retry-after-ms"]) / 1000)
        if "retry-after" in values:
            return _wait(values["retry-after"], time.time() if now is None else now)
    except (ValueError, OverflowError):
        pass  # a header that says nothing usable is as good as none
    found = _DELAY.search(text)
    return float(found[1]) / (1000 if found[2].lower() == "ms" else 1) if found else None


def readable(text: str) -> str:
    """One short line of `text`: no markup, no control characters, no secrets."""
    plain = _MARKUP.sub(" ", text[: 20 * _LONGEST])
    line = " ".join("".join(c if c.isprintable() else " " for c in plain).split())
    return redact(line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…")


def _wait(value: str, now: float) -> float:
    try:
        seconds = float(value)
    except ValueError:
        seconds = parsedate_to_datetime(value).timestamp() - now
    if not math.isfinite(seconds):
        raise ValueError(value)
    return max(0.0, seconds)


def _status(error: Exception) -> int | None:
    for source in (error, getattr(error, "response", None)):
        value = getattr(source, "status_code", None)
        if isinstance(value, int):
            return value
    return None


def _headers(error: Exception) -> Mapping[str, str] | None:
    for found in (
        getattr(error, "litellm_response_headers", None),
        getattr(getattr(error, "response", None), "headers", None),
    ):
        if isinstance(found, Mapping) and found:
            return found
    return None


def is_quota(text: str) -> bool:
    """Whether the words of an error say that money or quota is used up, which waiting does not mend."""
    return bool(_QUOTA.search(text)) and not _PACED.search(text.replace("RateLimitError", ""))


def _is_retried(status: int | None) -> bool:
    return status is not None and (status in _RETRIED or status >= 500)


def _remedy(status: int | None, text: str, model: str) -> str:
    if is_quota(text) or status == 402:
        return "the account has no credit or quota left: add some, or choose another model with --model"
    provider = provider_of(model)
    if status == 404:
        return f"no such model at {provider}: check --model, and the API base if you set one"
    keys = key_variables(provider)
    return f"set {' and '.join(keys)} to a valid key for {provider}" if keys else f"check the {provider} server"
