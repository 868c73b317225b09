"""Sandboxes in Docker: one container per command, so that its limits are its own and nothing survives it."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import socket
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from environments import containers, ownership, profile
from environments.base import Check, Command, CommandResult, Mount, OutputSink, check_root, check_target, translate
from environments.containers import OWNER_LABEL, ContainerExit, Frames
from environments.process_tree import descendants
from environments.supervise import attend
from environments.watchdog import DiskMeter
from tools.errors import InfrastructureError, InputError

if TYPE_CHECKING:
    from docker import DockerClient

T = TypeVar("T")
_CALLS_AT_ONCE = 64  # a running command waits in one
_SLACK = 60.0  # seconds beyond the deadline that a call may wait for the daemon
_START = "start it (systemctl start docker), or choose --environment bubblewrap"
_PERMISSION = "add yourself to the group docker, or choose --environment bubblewrap"


class Docker:
    """Makes sandboxes from an image that is on this machine.

    Args:
        image: name or id; it is resolved once per sandbox, so that a moving tag changes nothing in between.
    """

    name = "docker"

    def __init__(self, image: str) -> None:
        self._image = image

    async def open(self, root: Path, *, mount: str = "/workspace", mounts: Sequence[Mount] = ()) -> DockerSandbox:
        """See :class:`environments.base.Environment`; also removes what killed runs left."""
        check_target(mount)
        root = check_root(root)
        for extra in mounts:
            if not extra.source.exists():
                raise InputError(f"cannot mount {extra.source}: it does not exist")
        client = await asyncio.to_thread(connect)
        await asyncio.to_thread(_collect, client)
        image = await asyncio.to_thread(_image_id, client, self._image)
        return DockerSandbox(client, image, profile.Workspace(root, mount, tuple(mounts)))

    async def checks(self) -> list[Check]:
        """Whether the daemon can be reached and has the image."""
        found = await checks()
        if all(check.ok for check in found):
            try:
                client = await asyncio.to_thread(connect)
                identity = await asyncio.to_thread(_image_id, client, self._image)
                found.append(Check("docker image", True, f"{self._image} is {identity}"))
            except InfrastructureError as error:
                found.append(Check("docker image", False, str(error), error.hint))
        return found


async def checks() -> list[Check]:
    """Whether a daemon can be reached that holds our limits."""
    try:
        client = await asyncio.to_thread(connect)
        version = await asyncio.to_thread(client.version)
    except InfrastructureError as error:
        return [Check("docker", False, str(error), error.hint)]
    return [Check("docker", True, f"daemon {version['Version']} answers; memory and process limits are enforced")]


async def gc() -> list[str]:
    """Remove the containers of runs that ended without doing so; the names of those removed.

    Where no daemon can be reached, there is nothing to remove.
    """
    try:
        client = await asyncio.to_thread(connect)
    except InfrastructureError:
        return []
    return await asyncio.to_thread(_collect, client)


def connect() -> DockerClient:
    """A client of the daemon that DOCKER_HOST names, or the usual one.

    Raises:
        InfrastructureError: it does not answer, is not on this machine, or cannot hold the limits.
    """
    import docker

    try:
        client = docker.from_env(timeout=int(_SLACK), max_pool_size=_CALLS_AT_ONCE)
        info = client.info()
    except docker.errors.DockerException as error:
        denied = "Permission denied" in str(error)
        problem = "you may not talk to the Docker daemon" if denied else "the Docker daemon does not answer"
        raise InfrastructureError(problem, hint=_PERMISSION if denied else _START) from error
    if not client.api.base_url.startswith("http+docker://localhost"):
        raise InfrastructureError(
            f"the Docker daemon at {client.api.base_url} cannot see the folders of this machine",
            hint="unset DOCKER_HOST, or run treewright on the machine of the daemon",
        )
    missing = [limit for limit in ("MemoryLimit", "PidsLimit") if not info.get(limit)]
    if missing:
        raise InfrastructureError(
            f"this Docker daemon does not enforce {' and '.join(missing)}",
            hint="give it control groups (rootless Docker needs delegation), or choose --environment bubblewrap",
        )
    return client


def _image_id(client: DockerClient, name: str) -> str:
    import docker

    try:
        return str(client.images.get(name).id)
    except docker.errors.ImageNotFound as error:
        raise InfrastructureError(f"there is no image {name}", hint=f"docker pull {name}") from error
    except docker.errors.APIError as error:
        raise InfrastructureError(f"cannot look for the image {name}: {error.explanation}") from error


def _collect(client: DockerClient) -> list[str]:
    import docker

    removed = []
    for container in client.containers.list(all=True, filters={"label": OWNER_LABEL}, ignore_removed=True):
        if containers.is_orphan(container.labels[OWNER_LABEL]):
            with contextlib.suppress(docker.errors.APIError):  # somebody else was faster
                container.remove(force=True, v=True)
                removed.append(str(container.name))
    return sorted(removed)


@dataclass(frozen=True)
class _Started:
    """A container that runs: its first process as the host numbers it, the connection to its output and input."""

    pid: int
    connection: socket.socket
    waiting: Future[int]


class DockerSandbox:
    """Commands of one workspace, each in a container of its own.

    Args:
        client: of a daemon on this machine.
        image: id of the image.
        workspace: what is seen inside.
    """

    def __init__(self, client: DockerClient, image: str, workspace: profile.Workspace) -> None:
        self._client = client
        self._api = client.api
        self._image = image
        self._workspace = workspace
        self._calls = ThreadPoolExecutor(_CALLS_AT_ONCE, "docker")
        self._removals: set[asyncio.Task[None]] = set()
        self._user = ownership.Borrowed(workspace.writable())

    def inside(self, path: Path) -> str:
        """See :class:`environments.base.Sandbox`."""
        return translate(path, self._workspace.all_mounts())

    async def run(self, command: Command, *, on_output: OutputSink | None = None) -> CommandResult:
        """See :class:`environments.base.Sandbox`."""
        if not (self._workspace.root / command.cwd).is_dir():
            raise InputError(f"{command.cwd} is not a folder of the workspace")
        name = f"treewright-{uuid.uuid4().hex[:12]}"
        starting = asyncio.get_running_loop().run_in_executor(self._calls, self._start, name, command)
        try:
            with _translated(command):
                return await self._attend(name, await asyncio.shield(starting), command, on_output)
        finally:
            removal = asyncio.create_task(self._remove(name, starting))
            self._removals.add(removal)
            removal.add_done_callback(self._removals.discard)

    async def close(self) -> None:
        """Remove what is left and give the workspace back to its owner."""
        await asyncio.gather(*self._removals)
        await asyncio.to_thread(self._user.give_back)
        self._calls.shutdown(wait=False)

    def _start(self, name: str, command: Command) -> _Started:
        """Create the container, connect to it, start it; in this order no output is lost."""
        self._user.take()
        user = (self._user.uid, self._user.gid)
        host_config = self._api.create_host_config(**containers.settings(self._workspace, command, user))
        self._api.create_container(
            self._image,
            name=name,
            entrypoint=list(command.argv),
            environment=containers.environment(command),
            working_dir=f"{self._workspace.mount}/{command.cwd}".rstrip("/"),
            user=f"{user[0]}:{user[1]}",
            hostname="sandbox",
            labels={OWNER_LABEL: containers.owner_label()},
            stdin_open=bool(command.stdin),
            host_config=host_config,
            use_config_proxy=False,
        )
        streams = {"stream": 1, "stdout": 1, "stderr": 1, "stdin": int(bool(command.stdin))}
        attached: Any = self._api.attach_socket(name, params=streams)
        connection = socket.socket(fileno=os.dup(attached.fileno()))
        self._api.start(name)
        pid = int(self._api.inspect_container(name)["State"]["Pid"])
        return _Started(pid, connection, self._calls.submit(self._wait, name, command.limits.seconds))

    def _wait(self, name: str, seconds: float) -> int:
        return int(self._api.wait(name, timeout=int(seconds + _SLACK))["StatusCode"])

    async def _attend(
        self, name: str, started: _Started, command: Command, on_output: OutputSink | None
    ) -> CommandResult:
        feeding = asyncio.create_task(_feed(started.connection, command.stdin))
        try:
            ended = await attend(
                ContainerExit(started.waiting),
                os.dup(started.connection.fileno()),
                command.limits,
                meters=[
                    DiskMeter(self._workspace.writable(), command.limits.disk, functools.partial(_tree, started.pid))
                ],
                kill=lambda: self._submit(self._api.kill, name),
                on_output=on_output,
                decode=Frames(),
            )
        finally:
            feeding.cancel()
            await asyncio.wait({feeding})
            started.connection.close()
        stopped = ended.stopped
        if not stopped and await self._call(self._out_of_memory, name):
            stopped = "memory"
        return CommandResult(ended.exit_code, ended.output.text(), stopped, ended.seconds, ended.output.total)

    def _out_of_memory(self, name: str) -> bool:
        return bool(self._api.inspect_container(name)["State"]["OOMKilled"])

    async def _remove(self, name: str, starting: asyncio.Future[_Started]) -> None:
        import docker
        import requests

        await asyncio.wait({starting})
        if starting.exception() is None:
            starting.result().connection.close()
        # it was never created, or the daemon is gone: then the next run collects it
        with contextlib.suppress(docker.errors.DockerException, requests.RequestException):
            await self._call(functools.partial(self._api.remove_container, force=True, v=True), name)

    async def _call(self, function: Callable[[str], T], name: str) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._calls, function, name)

    def _submit(self, function: Callable[[str], object], name: str) -> None:
        """Call without waiting; what goes wrong is met again when the container is removed."""
        self._calls.submit(function, name)


async def _feed(connection: socket.socket, data: bytes) -> None:
    """Send standard input and its end."""
    connection.setblocking(False)
    if data:
        with contextlib.suppress(OSError):  # the command does not read it
            await asyncio.get_running_loop().sock_sendall(connection, data)
            connection.shutdown(socket.SHUT_WR)


def _tree(pid: int) -> list[int]:
    return [pid, *descendants(pid)] if pid else []


@contextlib.contextmanager
def _translated(command: Command) -> Iterator[None]:
    """Errors of the daemon as ours."""
    import docker
    import requests

    try:
        yield
    except docker.errors.APIError as error:
        raise InfrastructureError(f"Docker could not run {command.argv[0]}: {error.explanation}") from error
    except (docker.errors.DockerException, requests.RequestException) as error:
        raise InfrastructureError("the Docker daemon stopped answering", hint=_START) from error
