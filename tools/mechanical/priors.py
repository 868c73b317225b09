"""How often a small fix has the form that a template makes.

PRIOR[t] is the probability, given that the fault is in a statement, that one particular edit of template t (of weight
1) is the fix. It is estimated from 285 commits that fix something with at most three lines of one source file, in
twelve repositories, none of which is in the benchmark: sympy, astropy, xarray, seaborn, flask, requests, pydicom,
astroid, pylint, pytest, sphinx, pyupgrade. 27 of these fixes are an edit of some template. The estimate is the fixes
that a template makes over the summed weights of all edits that it proposes for the statements those commits
changed, drawn towards the mean of all templates by 300 edits of weight 1.
"""

from __future__ import annotations

PRIOR: dict[str, float] = {
    "delete": 0.009927,
    "forward_keyword": 0.003627,
    "none_test": 0.002741,
    "attribute": 0.002673,
    "comparison": 0.002355,
    "boundary": 0.002139,
    "regex": 0.002104,
    "unwrap": 0.001616,
    "drop_operand": 0.001352,
    "put_under": 0.000837,
    "add_operand": 0.000775,
    "format_tuple": 0.000502,
    "regex_flags": 0.000490,
    "dedent": 0.000462,
    "except_type": 0.000455,
    "missing_return": 0.000435,
    "boolean": 0.000426,
    "raise_type": 0.000422,
    "arithmetic": 0.000402,
    "default_value": 0.000389,
    "slice_bounds": 0.000376,
    "normalise": 0.000361,
    "truth": 0.000360,
    "soft_lookup": 0.000357,
    "branch": 0.000356,
    "add_element": 0.000349,
    "type_test": 0.000344,
    "swap_operands": 0.000327,
    "negate": 0.000321,
    "swap_statements": 0.000318,
    "call_it": 0.000295,
    "integer": 0.000281,
    "swap_arguments": 0.000278,
    "add_return": 0.000271,
    "qualify": 0.000217,
    "star": 0.000213,
    "family": 0.000207,
    "local_convert": 0.000204,
    "function_name": 0.000159,
    "drop_argument": 0.000143,
    "copy_nearby": 0.000116,
    "variable": 0.000098,
    "fallback": 0.000082,
    "add_argument": 0.000070,
    "string": 0.000059,
    "early_exit": 0.000022,
    "convert": 0.000010,
}

DEFAULT_PRIOR = 0.0005
