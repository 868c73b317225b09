"""Those who play the roles (tests/agent) and the ways to fail (tests/model) serve here too."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path += [str(Path(__file__).parents[1] / name) for name in ("agent", "model")]
