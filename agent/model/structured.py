"""Answers of a given shape, from any model: the schema goes into the prompt, the object comes out of the text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ValidationError

_DECODER = json.JSONDecoder(strict=False)
_CANDIDATES = 50


def instruction(schema: type[BaseModel]) -> str:
    """What to tell the model about the shape of its answer."""
    shape = json.dumps(schema.model_json_schema(), sort_keys=True, separators=(",", ":"))
    return f"Answer with one JSON object that matches this JSON schema, and nothing after it:\n{shape}"


def parse(text: str, schema: type[BaseModel]) -> BaseModel:
    """The first object in `text`, bare or fenced, with prose around it or not, that is valid; the outer before inner.

    Raises:
        ValueError: there is none; the message tells the model what is wrong.
    """
    problem = "there is no JSON object in the answer"
    for count, value in enumerate(_objects(text)):
        try:
            return schema.model_validate(value)
        except ValidationError as error:
            if count == 0:
                problem = _explain(error)
    raise ValueError(problem)


def _objects(text: str) -> Iterator[dict[str, Any]]:
    start, tries = text.find("{"), 0
    while start >= 0 and tries < _CANDIDATES:
        tries += 1
        end = start + 1
        try:
            value, end = _DECODER.raw_decode(text, start)
            yield value
        except (ValueError, RecursionError):
            pass  # a brace that begins no object, as in prose or code
        start = text.find("{", end)


def _explain(error: ValidationError) -> str:
    lines = [
        f"{'.'.join(str(part) for part in item['loc']) or 'the object'}: {item['msg']}"
        for item in error.errors(include_url=False, include_input=False)[:10]
    ]
    return "; ".join(lines)[:2000]
