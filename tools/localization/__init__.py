"""Which files and functions an issue is about, without a model: an index by content, signals, and their fusion."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tools.localization.fusion import Reason
    from tools.localization.localizer import Localizer, RankedFile, RankedFunction, Ranking

__all__ = ["Localizer", "RankedFile", "RankedFunction", "Ranking", "Reason"]


def __getattr__(name: str) -> object:
    """The names above, on first use: a process that only indexes does not load the ranking."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from tools.localization import localizer

    return getattr(localizer, name)
