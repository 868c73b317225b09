"""Which files and functions an issue is about, without a model: an index by content, signals, and their fusion."""

from tools.localization.fusion import Reason
from tools.localization.localizer import Localizer, RankedFile, RankedFunction, Ranking

__all__ = ["Localizer", "RankedFile", "RankedFunction", "Ranking", "Reason"]
