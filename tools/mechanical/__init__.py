"""Mechanical repair: templates over the syntax tree propose small edits, a schedule of tests decides on them."""

from tools.mechanical.mutation import Mutation, apply
from tools.mechanical.propose import propose

__all__ = ["Mutation", "apply", "propose"]
