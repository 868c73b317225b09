"""An issue and its comments as the problem statement."""

from __future__ import annotations

import re

from agent.forge.base import Issue

_MARKDOWN_IMAGE = re.compile(r"!\[(?P<alt>[^\]\n]*)\]\([^)\n]*\)")
_HTML_IMAGE = re.compile(r"<img\b[^>]*>", re.IGNORECASE)
_HTML_ALT = re.compile(r"""\balt\s*=\s*["']?([^"'>]*)""", re.IGNORECASE)
_HIDDEN = re.compile(r"<!--.*?-->", re.DOTALL)
"""What a page does not show: instructions of issue forms, and what somebody hides there."""


def problem_text(issue: Issue) -> str:
    """Title, body and what people answered; images are named, not fetched, and hidden comments are left out."""
    parts = [issue.title.strip(), _shown(issue.body)]
    parts += [
        f"Comment by {each.author or 'somebody'}:\n\n{_shown(each.text)}"
        for each in issue.comments
        if not each.automatic and _shown(each.text)
    ]
    return "\n\n".join(part for part in parts if part).strip() + "\n"


def count_images(issue: Issue) -> int:
    """How many images the issue has, which are not looked at."""
    texts = [issue.body, *(comment.text for comment in issue.comments)]
    return sum(len(_MARKDOWN_IMAGE.findall(text)) + len(_HTML_IMAGE.findall(text)) for text in texts)


def _shown(markdown: str) -> str:
    text = _HIDDEN.sub("", markdown.replace("\r\n", "\n"))
    text = _MARKDOWN_IMAGE.sub(lambda found: _image(found["alt"]), text)
    return _HTML_IMAGE.sub(lambda found: _image("".join(_HTML_ALT.findall(found[0])[:1])), text).strip()


def _image(description: str) -> str:
    return f"[image: {description.strip() or 'no description'}]"
