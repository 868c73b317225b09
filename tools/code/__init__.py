"""Looking at source code: languages and definitions, and the view, grep, find and outline of the solver's tools."""

from tools.code.definitions import Definition, definition_at, definitions
from tools.code.find import find, grep
from tools.code.languages import language_of
from tools.code.outline import outline
from tools.code.view import view

__all__ = ["Definition", "definition_at", "definitions", "find", "grep", "language_of", "outline", "view"]
