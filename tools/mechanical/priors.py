"""How often a small fix has the form that a template makes.

PRIOR[t] is the probability, given that the fault is in a statement, that one particular edit of template t (of weight
1) is the fix. It is estimated from real fix commits: fixes that t reproduces, over the weights of all edits that t
proposes for the statements those commits changed, with one fix in two added for smoothing. docs/mechanical.md says
from which repositories; none of them is in the benchmark's catalogue.
"""

from __future__ import annotations

PRIOR: dict[str, float] = {}

DEFAULT_PRIOR = 0.002
