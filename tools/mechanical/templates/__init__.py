"""The repair templates by name: functions from a statement to the edits of it that they propose."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from tools.mechanical.site import Draft, Site
from tools.mechanical.templates import (
    calls,
    conditions,
    constants,
    exceptions,
    guards,
    literals,
    names,
    operators,
    redundancy,
    statements,
)

Template = Callable[[Site], Iterator[Draft]]

TEMPLATES: Mapping[str, Template] = {
    template.__name__: template
    for template in (
        operators.comparison,
        operators.arithmetic,
        operators.boolean,
        operators.drop_operand,
        operators.swap_operands,
        conditions.negate,
        conditions.none_test,
        conditions.add_operand,
        conditions.put_under,
        guards.early_exit,
        guards.fallback,
        guards.initialise,
        guards.soft_lookup,
        guards.normalise,
        constants.integer,
        constants.boundary,
        constants.slice_bounds,
        constants.truth,
        constants.default_value,
        constants.mutable_default,
        names.family,
        names.variable,
        names.attribute,
        names.function_name,
        names.qualify,
        calls.convert,
        calls.local_convert,
        calls.unwrap,
        calls.call_it,
        calls.swap_arguments,
        calls.drop_argument,
        calls.add_argument,
        calls.forward_keyword,
        calls.star,
        exceptions.except_type,
        exceptions.raise_type,
        exceptions.swallow,
        exceptions.type_test,
        statements.delete,
        statements.missing_return,
        statements.add_return,
        statements.swap_statements,
        statements.dedent,
        statements.copy_nearby,
        statements.branch,
        literals.regex,
        literals.regex_flags,
        literals.string,
        literals.format_tuple,
        literals.add_element,
        literals.character,
        literals.alternative,
        redundancy.borrow,
        redundancy.sibling_keyword,
        redundancy.parametrise,
        redundancy.assign_alike,
        redundancy.convert_under,
        redundancy.hasattr_value,
    )
}
