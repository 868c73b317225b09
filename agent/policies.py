"""Which policy a search gets: the one that the design names, or the user's in its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from search.policy import Policy, create, names
from tools.errors import InputError
from tools.extensions import installed, load_extension

Make = Callable[[str, int, Mapping[str, Any]], Policy]
"""From the name that a design asks for, a seed and the policy's options, to a policy."""


def maker(chosen: str = "") -> Make:
    """How the searches of a run get their policies.

    Args:
        chosen: a policy that takes the place of those the design names, whose options are then left out: a built-in
            one, a Python file that defines ``def policy(seed: int) -> Policy``, or an installed extension.

    Raises:
        InputError: there is no such policy.
    """
    if not chosen:
        return lambda name, seed, options: create(name, seed, **options)
    if chosen in names():
        return lambda name, seed, options: create(chosen, seed)
    if not chosen.endswith(".py") and chosen not in installed("policy"):
        known = ", ".join((*names(), *installed("policy")))
        raise InputError(f"no policy is called {chosen!r}", hint=f"there are {known}, or name a .py file")
    made = load_extension(chosen, "policy")
    if not callable(made):
        raise InputError(f"`policy` of {chosen} is no function of a seed")
    return lambda name, seed, options: _checked(made(seed), chosen)


def _checked(policy: Any, name: str) -> Policy:
    if not callable(getattr(policy, "ask", None)) or not callable(getattr(policy, "observe", None)):
        raise InputError(f"`policy` of {name} gives no policy: it needs `ask(tree)` and `observe(event)`")
    made: Policy = policy
    return made
