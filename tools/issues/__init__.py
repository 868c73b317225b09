"""Reads an issue: what is prose, code, output or a traceback, and which names, places and messages it carries."""

from tools.issues.model import ErrorMessage, Frame, Issue, Place, Segment, SegmentKind
from tools.issues.parse import parse_issue

__all__ = ["ErrorMessage", "Frame", "Issue", "Place", "Segment", "SegmentKind", "parse_issue"]
