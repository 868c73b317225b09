"""A run as one file: the same templates, everything inline, nothing loaded, readable from disk for ever."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json

from markupsafe import Markup

from agent.viewer import pages
from agent.viewer.nodes import NodeReader
from agent.viewer.render import page, script, stylesheet
from agent.viewer.runs import RunReader
from tools.errors import TreewrightError

SCRIPTS = ("layout.js", "tree.js", "run.js")


def export_run(reader: RunReader) -> str:
    """The HTML of a run; panels of the nodes are packed, so that the file stays small.

    Raises:
        InputError: there is no run.
    """
    values = pages.run_values(reader)
    with reader.opened() as (store, run):
        nodes = NodeReader(reader, store, run)
        try:
            panels = {id: _panel(nodes, id, values["state"].chosen) for id in nodes.nodes}
        finally:
            nodes.close()
    css, theme, code = stylesheet(), script("theme.js"), script(*SCRIPTS)
    policy = (
        f"default-src 'none'; script-src {_hash(theme)} {_hash(code)}; style-src {_hash(css)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    static = {"policy": policy, "css": css, "theme": theme, "script": code, "panels": _packed(panels)}
    return page("run.html", key="", base="", crumbs=((reader.folder.root.name, ""),), static=static, **values)


def _panel(nodes: NodeReader, id: str, chosen: str) -> str:
    try:
        return pages.node_panel(nodes, nodes.nodes[id], base="", chosen=chosen, trusted=False, static=True)
    except (TreewrightError, ValueError, TypeError, KeyError) as error:
        return str(Markup('<p class="problem">{}</p>').format(f"this node cannot be read: {error}"))


def _packed(panels: dict[str, str]) -> str:
    """Base64 of gzip of JSON; the time stamp is left out, so that the same run gives the same file."""
    return base64.b64encode(gzip.compress(json.dumps(panels).encode(), mtime=0)).decode()


def _hash(text: str) -> Markup:
    """How a content security policy names a piece of the page that may run."""
    # a browser reads line ends as \n before it hashes, and so are ours
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return Markup("'sha256-{}'").format(digest)
