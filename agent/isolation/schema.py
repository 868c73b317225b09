"""The shape of an answer that a design in another process asked for."""

from __future__ import annotations

import json
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError
from pydantic import BaseModel, RootModel, model_validator

from agent.isolation.wire import Garbage

_SCHEMA_BYTES = 20_000


class Shaped(RootModel[dict[str, Any]]):
    """An object that fits a JSON schema."""


def shaped(schema: Any) -> type[Shaped]:
    """A model of the objects that fit `schema`.

    Raises:
        Garbage: it is no JSON schema of an object, or too large, or points outside of itself.
    """
    text = json.dumps(schema)
    if not isinstance(schema, dict) or schema.get("type") != "object" or len(text) > _SCHEMA_BYTES:
        raise Garbage("a schema describes an object, in at most 20000 characters")
    if '"pattern' in text or any(
        f'"{name}": "{each}' in text for name in ("$ref", "$dynamicRef") for each in ("h", "f", "/")
    ):
        raise Garbage("a schema has no patterns, and refers only to its own definitions")
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise Garbage(f"not a JSON schema: {error.message[:200]}") from error
    validator = Draft202012Validator(schema)

    class Answer(Shaped):
        """What the design asked for."""

        @model_validator(mode="after")
        def _fits(self) -> Answer:
            try:
                validator.validate(self.root)
            except ValidationError as error:
                raise ValueError(error.message[:300]) from error
            return self

        @classmethod
        def model_json_schema(cls, *args: Any, **kwargs: Any) -> dict[str, Any]:
            """The schema that was given."""
            return dict(schema)

    Answer.__name__ = str(schema.get("title", "Answer"))[:40]
    return Answer


def answer_of(answer: BaseModel) -> str:
    """The object as JSON."""
    return answer.model_dump_json()
