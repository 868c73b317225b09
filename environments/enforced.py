"""What a sandbox really enforces on this machine, asked from inside one."""

from __future__ import annotations

import os
from pathlib import Path

from environments import cgroups
from environments.base import Check, Command, Limits, Sandbox

_ASK = """
grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/self/status
for device in /sys/class/net/* $(sed -n 's/^ *\\([^:|]*\\):.*/\\1/p' /proc/net/dev); do echo "net: ${device##*/}"; done
for place in / /usr /etc /var /run; do
  (: > $place/treewright-check) 2> /dev/null && rm -f $place/treewright-check && echo "wrote: $place"
done
(: >> /proc/sys/kernel/core_pattern) 2> /dev/null && echo "wrote: kernel settings"
for process in /proc/[0-9]*; do echo "process: $process"; done
[ -e "$1" ] && [ -n "$(ls -A "$1" 2> /dev/null)" ] && echo "home: $1"
true
"""
_REMEDY = "choose --environment docker, and report this: it is a fault of Treewright or of the machine"
_FEW = 8


async def enforced(sandbox: Sandbox) -> list[Check]:
    """One line for each promise of a bubblewrap sandbox, kept or not; and who keeps the limits."""
    home = os.fspath(Path.home())
    result = await sandbox.run(Command(("/bin/sh", "-c", _ASK, "ask", home), limits=Limits(seconds=20)))
    told: dict[str, list[str]] = {}
    for line in result.output.splitlines():
        name, _, value = line.partition(":")
        told.setdefault(name, []).append(value.strip())
    none = all(set(told.get(name, ["?"])[0]) == {"0"} for name in ("CapEff", "CapBnd"))
    filtered = told.get("Seccomp") == ["2"] and told.get("NoNewPrivs") == ["1"]
    devices = {device for device in told.get("net", []) if device not in ("*", "sit0", "tunl0", "ip6tnl0")}
    kept = {
        "privileges": (none, "no capabilities, no new privileges by set-user-id programs"),
        "system calls": (filtered, "filtered: no namespaces, mounts, tracing, keyrings, AF_VSOCK, set-user-id bits"),
        "network": (devices <= {"lo"}, "none but its own loopback"),
        "files": ("wrote" not in told, "nothing but the workspace and folders in memory can be written"),
        "home folder": ("home" not in told, "out of sight"),
        "processes of others": (len(told.get("process", [])) <= _FEW, "out of sight"),
    }
    lines = [
        Check(name, ok, detail if ok else f"NOT enforced: {detail}", "" if ok else _REMEDY)
        for name, (ok, detail) in kept.items()
    ]
    return [*lines, *_limits()]


def _limits() -> list[Check]:
    held = cgroups.hierarchies()
    if held is not None:
        by = f"the kernel (control groups, version {held.version})"
        memory = Check("memory limit", True, f"held by {by}")
    else:
        by = "the kernel (RLIMIT_NPROC in the user namespace)"
        memory = Check(
            "memory limit", True, "held by a watchdog that looks ten times a second: may be passed for a tenth of one"
        )
    return [
        Check("process limit", True, f"held by {by}"),
        memory,
        Check(
            "disk limit",
            True,
            "held by the kernel for one file, by a watchdog for their sum: may be passed for two seconds",
        ),
        Check("time and output", True, "held by the supervisor; nothing outlives a command"),
        Check("not enforced", True, "shares of the processor and of the disk's speed; side channels of one machine"),
    ]
