"""Which templates cure which exceptions: the kind of failure says what kind of edit may end it."""

from __future__ import annotations

import re
from collections.abc import Collection

LARGEST_BOOST = 10.0

_GUARDS = ("none_test", "add_operand", "fallback", "early_exit", "put_under")
_CURES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"KeyError", ("soft_lookup", "except_type", "attribute", "string")),
    (r"(Type|Attribute)Error: .*NoneType", (*_GUARDS, "soft_lookup")),
    (r"TypeError: .*(argument|positional)", ("forward_keyword", "add_argument", "drop_argument", "star")),
    (r"TypeError: .*(concatenate|unsupported operand|unhashable|must be|expected)", ("convert", "type_test", "unwrap")),
    (r"TypeError: .*(not iterable|not subscriptable|has no len)", ("convert", "normalise", "type_test")),
    (r"TypeError: .*not all arguments converted", ("format_tuple",)),
    (r"AttributeError", ("attribute", "type_test", "convert", "qualify")),
    (r"(UnboundLocalError|NameError)", ("initialise", "variable", "function_name", "qualify")),
    (r"IndexError", ("boundary", "slice_bounds", "early_exit", "add_operand")),
    (r"(Value|Unicode\w*|Overflow|ZeroDivision)Error", ("except_type", "convert", "early_exit")),
)


def cures(exceptions: Collection[str]) -> dict[str, float]:
    """How many times as likely a template is, given what ended the failing tests.

    Args:
        exceptions: "Type: first line of its text", as `TestOutcome.exception` has it.
    """
    templates = {
        template
        for exception in exceptions
        for pattern, names in _CURES
        if re.match(pattern, exception)
        for template in names
    }
    return dict.fromkeys(sorted(templates), LARGEST_BOOST)
