"""How often a small fix has the form that a template makes.

PRIOR[t] is the probability, given that the fault is in a statement, that one particular edit of template t (of weight
1) is the fix. It is estimated from 285 commits that fix something with at most three lines of one source file, in
twelve repositories, none of which is in the benchmark: sympy, astropy, xarray, seaborn, flask, requests, pydicom,
astroid, pylint, pytest, sphinx, pyupgrade. 27 of these fixes are an edit of some template. The estimate is the fixes
that a template makes over the summed weights of all edits that it proposes for the statements those commits
changed, drawn towards the mean of all templates by 1,500 edits of weight 1.
"""

from __future__ import annotations

PRIOR: dict[str, float] = {
    "delete": 0.003722,
    "forward_keyword": 0.002035,
    "attribute": 0.001846,
    "boundary": 0.001152,
    "none_test": 0.001094,
    "comparison": 0.001049,
    "regex": 0.001014,
    "unwrap": 0.000926,
    "drop_operand": 0.000756,
    "put_under": 0.000735,
    "add_operand": 0.000697,
    "format_tuple": 0.000513,
    "regex_flags": 0.000510,
    "dedent": 0.000504,
    "except_type": 0.000502,
    "missing_return": 0.000497,
    "boolean": 0.000495,
    "raise_type": 0.000494,
    "swallow": 0.000494,
    "arithmetic": 0.000488,
    "default_value": 0.000484,
    "slice_bounds": 0.000480,
    "truth": 0.000475,
    "soft_lookup": 0.000474,
    "branch": 0.000473,
    "add_element": 0.000471,
    "type_test": 0.000469,
    "swap_operands": 0.000462,
    "negate": 0.000460,
    "swap_statements": 0.000459,
    "call_it": 0.000448,
    "integer": 0.000442,
    "swap_arguments": 0.000440,
    "add_return": 0.000437,
    "qualify": 0.000404,
    "normalise": 0.000404,
    "star": 0.000401,
    "family": 0.000397,
    "function_name": 0.000356,
    "drop_argument": 0.000339,
    "copy_nearby": 0.000306,
    "variable": 0.000279,
    "local_convert": 0.000258,
    "fallback": 0.000251,
    "add_argument": 0.000227,
    "string": 0.000203,
    "early_exit": 0.000095,
    "convert": 0.000048,
}

DEFAULT_PRIOR = 0.0005

# Of the templates that came later, not measured: the mean of the measured ones, less where one makes many edits.
PRIOR |= {
    "hasattr_value": 0.0008,
    "alternative": 0.0006,
    "sibling_keyword": 0.0005,
    "parametrise": 0.001,
    "character": 0.0003,
    "borrow": 0.00015,
    "assign_alike": 0.0001,
    "convert_under": 0.0001,
}

RANK_LAST = {"delete": 0.05, "drop_operand": 0.5, "drop_argument": 0.5}
"""Factors on the order in which edits are tried: code that is taken away takes failures with it, right or wrong."""
