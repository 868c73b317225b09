"""What issue templates put into every issue: headings, answers that say nothing, and lists to tick off."""

from __future__ import annotations

import re

MAX_WORDS = 12

_TICKED = re.compile(r"^\s*[-*+]\s*\[[ xX]\]\s")
_WORD = re.compile(r"[^\W_]+(?:['’/-][^\W_]+)*")


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_SAID = _set(
    "a about actual additional alternatives and any anything are be behavior behaviour brief bug checklist clear "
    "code command complete concise considered context current describe description details did do does else "
    "enhancement example expect expected feature following for full happen happened happens have here how i if in "
    "info information instead is issue it know like log logs minimal mwe my n/a need new no none not observed of "
    "on or other our outcome outcomes output please possible problem problems project proposal proposed provide "
    "question references related relevant report reproduce reproducer reproducible reproducing reproduction "
    "request response result results run running screenshot screenshots short should solution solutions some "
    "steps steps/code suggested suggestion summary tell that the there this to us use used verifiable was we were "
    "what when which with work workaround would yes you you'd you're you've you’d you’re you’ve your"
)


def is_template(line: str) -> bool:
    """Whether a line of prose was there before the reporter wrote, or answers a question of a template with nothing."""
    if _TICKED.match(line):
        return True
    words = _WORD.findall(line.lower())
    return 0 < len(words) <= MAX_WORDS and _SAID.issuperset(words)
