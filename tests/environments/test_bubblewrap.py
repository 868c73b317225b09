"""The bubblewrap sandbox, as root and as an ordinary user: attacks contained, ordinary work undisturbed."""

from __future__ import annotations

import os
import subprocess

import pytest
from attacks import Payload
from controls import CONTROLS
from harness import ATTACKS, NOBODY, PYTHON, Host, escapes, host, run_as, run_payloads

from environments.bubblewrap import Bubblewrap

USERS = [0, NOBODY] if os.geteuid() == 0 else [os.geteuid()]
os.environ["TREEWRIGHT_TEST_KEY"] = "canary-9f2c71"


@pytest.fixture(params=USERS, ids=lambda uid: f"uid{uid}", scope="module")
def uid(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture(scope="module")
def target(uid: int):
    with host(uid) as made:
        yield made


@pytest.fixture(scope="module")
def results(uid: int, target: Host):
    async def work():
        sandbox = await Bubblewrap().open(target.workspace)
        return await run_payloads(sandbox, target, [*ATTACKS, *CONTROLS])

    return run_as(uid, work)


@pytest.mark.parametrize("payload", ATTACKS, ids=lambda each: each.name)
def test_attack_is_contained(payload, results) -> None:
    result = results[payload.name]
    assert not escapes({payload.name: result})
    assert "Traceback" not in result["output"], "the payload must run to its end to prove something"


@pytest.mark.parametrize("payload", CONTROLS, ids=lambda each: each.name)
def test_ordinary_work_goes_on(payload, results) -> None:
    assert "WORKED" in results[payload.name]["output"], results[payload.name]
    assert results[payload.name]["exit_code"] == 0


# Without isolation these may get nothing either: it depends on the machine, its network and its kernel.
DEPENDS = {
    "avoid_the_killer", "connect_out", "control_groups", "datagram_out", "docker_and_agent_sockets",
    "foreign_system_calls", "kernel_memory", "names_and_ipv6", "network_interfaces", "open_by_handle",
    "raise_limits", "raise_priority", "read_home", "undeletable_file", "user_namespace", "vsock",
}  # fmt: skip
# And these, when an ordinary user tries: the machine itself keeps them from him.
ROOT_ONLY = {
    "change_clock", "change_host_name", "chroot", "descriptor_of_another_process", "device_node", "file_capabilities",
    "give_away_files", "kernel_interfaces", "kernel_log", "kernel_settings", "link_set_user_id_program", "mount_tmpfs",
    "new_mount_calls", "other_namespaces", "packet_and_alg_sockets", "read_shadow", "remount_writable",
    "replace_system_program", "rewrite_first_process", "rights_by_program", "signal_host_process",
    "terminal_injection", "watch_all_files", "write_to_system",
}  # fmt: skip


def plain(payload: Payload, target: Host, uid: int) -> str:
    """A payload in plain bash, by a user, with our variables and an open file; only mounts and the name are its own."""
    user = [] if uid == os.geteuid() else ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--"]
    own = ["unshare", "--mount", "--uts", "--"] if os.geteuid() == 0 else []
    command = [*own, *user, "bash", "-c", 'ulimit -u 500; exec "$0" -c "$1"', PYTHON, target.script(payload)]
    with open(target.folder / "secret") as inherited:  # noqa: PTH123
        done = subprocess.run(
            command,
            cwd=target.workspace,
            capture_output=True,
            timeout=60,
            check=False,
            pass_fds=[inherited.fileno()],
        )
    return (done.stdout + done.stderr).decode(errors="replace")


def test_the_checks_can_fail(uid: int) -> None:
    """Each payload gets what it wants where nothing holds it, so that getting nothing means something."""
    with host(uid) as target:
        got = {}
        for payload in ATTACKS:
            output = plain(payload, target, uid)
            got[payload.name] = "ESCAPED" in output or bool(target.traces())
            target.clean()
    nothing = {name for name, escaped in got.items() if not escaped}
    assert nothing <= DEPENDS | (ROOT_ONLY if uid else set())
    assert len(got) - len(nothing) >= (28 if uid else 50)
