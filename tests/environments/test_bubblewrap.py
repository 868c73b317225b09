"""The bubblewrap sandbox, as root and as an ordinary user: attacks contained, ordinary work undisturbed."""

from __future__ import annotations

import os

import pytest
from attacks import ATTACKS
from controls import CONTROLS
from harness import NOBODY, Host, escapes, host, run_as, run_payloads

from environments.bubblewrap import Bubblewrap
from environments.local import Local

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


HARMLESS = {
    "write_absolute",
    "write_relative",
    "write_by_symlink",
    "read_secret_file",
    "unix_socket",
    "abstract_socket",
    "connect_to_host_loopback",
    "signal_host_process",
    "plant_git_hook",
    "set_user_id_file",
}


async def test_the_check_can_fail() -> None:
    """Without isolation the same payloads get through."""
    payloads = [payload for payload in ATTACKS if payload.name in HARMLESS]
    with host(os.geteuid()) as target:
        sandbox = await Local().open(target.workspace)
        got_through = escapes(await run_payloads(sandbox, target, payloads))
    assert len(got_through) >= len(HARMLESS) - 1
