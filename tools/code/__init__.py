"""Looking at source code: languages and definitions, and the view, grep, find and outline of the solver's tools."""

from tools.code.definitions import Definition, definition_at, definitions
from tools.code.languages import language_of

__all__ = ["Definition", "definition_at", "definitions", "language_of"]
