"""The local server: pages over folders, server-sent events for what grows, and the one way to steer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from agent.viewer import collections, live, pages, plots
from agent.viewer.frames import frame
from agent.viewer.library import Library
from agent.viewer.listing import Listing
from agent.viewer.nodes import NodeReader
from agent.viewer.render import ASSETS, page, stylesheet
from agent.viewer.security import PLOTS, Guard
from agent.viewer.steer import steer
from tools.errors import InputError, TreewrightError


class Order(BaseModel):
    """The body of an order."""

    model_config = ConfigDict(extra="forbid")

    command: str = Field(max_length=40)
    node: str = Field(default="", max_length=200)
    text: str = Field(default="", max_length=10_000)


def create_app(root: Path, *, token: str, port: int) -> FastAPI:
    """The application over what lies in `root`.

    Args:
        root: a run, a batch, an archive, or a folder of any of these.
        token: who has it may steer.
        port: where it will listen; part of the names it answers to.
    """
    app = FastAPI(title="Treewright", docs_url=None, redoc_url=None, openapi_url=None)
    guard = Guard(token, port)
    library = Library(root)
    app.state.library, app.state.guard = library, guard
    app.middleware("http")(guard.middleware)
    app.mount("/assets", StaticFiles(directory=ASSETS), name="assets")
    app.add_api_route("/viewer.css", lambda: Response(str(stylesheet()), media_type="text/css"))
    app.add_exception_handler(TreewrightError, _failed)
    app.add_exception_handler(404, _failed)
    app.add_exception_handler(Exception, _failed)
    _add_lists(app, library, Listing(library), guard)
    _add_runs(app, library, guard)
    _add_collections(app, library)
    return app


def _add_lists(app: FastAPI, library: Library, listing: Listing, guard: Guard) -> None:
    @app.get("/", response_class=HTMLResponse)
    def index(request: Request) -> Response:
        if library.single:
            return RedirectResponse(library.start, 303)
        return HTMLResponse(pages.index(library.root, listing.rows(), trusted=guard.trusted(request)))

    @app.get("/events")
    async def events(request: Request) -> Response:
        return live.watch(lambda: pages.index_glance(listing.rows()), request)


def _add_runs(app: FastAPI, library: Library, guard: Guard) -> None:
    @app.get("/run/{key}", response_class=HTMLResponse)
    def run(request: Request, key: str) -> str:
        return pages.run(library, key, trusted=guard.trusted(request))

    @app.get("/run/{key}/tree.json")
    def tree(key: str) -> dict[str, Any]:
        return frame(library.run(key).state())

    @app.get("/run/{key}/events")
    async def events(request: Request, key: str) -> Response:
        return live.stream(library.run(key), request)

    @app.get("/run/{key}/node/{node}", response_class=HTMLResponse)
    def node(request: Request, key: str, node: str) -> str:
        return pages.node(library, key, node, trusted=guard.trusted(request))

    @app.get("/run/{key}/node/{node}/panel", response_class=HTMLResponse)
    def panel(request: Request, key: str, node: str) -> str:
        return pages.panel(library, key, node, trusted=guard.trusted(request))

    @app.get("/run/{key}/node/{node}/patch", response_class=PlainTextResponse)
    def patch(key: str, node: str) -> Response:
        return _with_node(library, key, node, lambda reader, found: _text(reader.patch(found)))

    @app.post("/run/{key}/steer")
    def steer_run(key: str, order: Order) -> dict[str, Any]:
        record, said = steer(library.run(key).folder, order.command, order.node, order.text)
        return {"seq": record.seq, "node": record.node, "said": said}

    @app.get("/run/{key}/step/{number}")
    def step(key: str, number: int) -> Response:
        return RedirectResponse(pages.step_address(library, key, number), 303)


def _add_collections(app: FastAPI, library: Library) -> None:
    shelf = collections.Shelf(library)

    @app.get("/batch/{key}")
    def batch(key: str) -> Response:
        return _with_plots(collections.batch(shelf, key))

    @app.get("/batch/{key}/plots.json")
    def batch_plots(key: str) -> list[dict[str, Any]]:
        return collections.plots_of_batches(shelf, key)

    @app.get("/batch/{key}/events")
    async def batch_events(request: Request, key: str) -> Response:
        library.find("batch", key)
        return live.watch(lambda: collections.batch_glance(shelf, key), request)

    @app.get("/compare")
    def compare(a: str, b: str) -> Response:
        return _with_plots(collections.comparison(shelf, a, b))

    @app.get("/compare/plots.json")
    def compared_plots(a: str, b: str) -> list[dict[str, Any]]:
        return collections.plots_of_batches(shelf, a, b)

    @app.get("/compare/events")
    async def compare_events(request: Request, a: str, b: str) -> Response:
        for key in (a, b):
            library.find("batch", key)
        return live.watch(lambda: collections.comparison_glance(shelf, a, b), request)

    @app.get("/archive/{key}")
    def archive(key: str) -> Response:
        return _with_plots(collections.archive(shelf, key))

    @app.get("/archive/{key}/plots.json")
    def archive_plots(key: str) -> list[dict[str, Any]]:
        return collections.plots_of_archive(shelf, key)

    @app.get("/archive/{key}/events")
    async def archive_events(request: Request, key: str) -> Response:
        library.find("archive", key)
        return live.watch(lambda: collections.archive_glance(shelf, key), request)

    @app.get("/archive/{key}/design/{design}", response_class=HTMLResponse)
    def design(key: str, design: str) -> str:
        return collections.design(shelf, key, design)

    @app.get("/plots/bokeh.min.js")
    def bokeh() -> Response:
        return FileResponse(plots.library(), media_type="text/javascript", headers={"Cache-Control": "max-age=3600"})


def _with_plots(html: str) -> Response:
    return HTMLResponse(html, headers={"Content-Security-Policy": PLOTS})


def _with_node(library: Library, key: str, node: str, use: Callable[[NodeReader, Any], Response]) -> Response:
    reader = library.run(key)
    with reader.opened() as (store, run):
        nodes = NodeReader(reader, store, run)
        try:
            return use(nodes, nodes.find(node))
        finally:
            nodes.close()


def _text(text: str) -> Response:
    return PlainTextResponse(text.encode("utf-8", "surrogateescape"), media_type="text/plain; charset=utf-8")


async def _failed(request: Request, error: Exception) -> Response:
    """A page that says what is wrong and what to do."""
    if isinstance(error, TreewrightError):
        message, hint, status = str(error), error.hint, 404 if isinstance(error, InputError) else 500
    elif isinstance(error, HTTPException):
        message, hint, status = "there is no such page", "the first page has what there is", error.status_code
    else:
        message, hint, status = f"this page broke: {type(error).__name__}: {error}", "please report it", 500
    if request.url.path.endswith(".json") or request.method == "POST":
        return JSONResponse({"error": message, "hint": hint}, status)
    return HTMLResponse(page("error.html", title="Not here", message=message, hint=hint), status)
