"""The system calls a sandbox refuses, as a classic BPF program and as a Docker profile.

The rest of the sandbox (namespaces, no capabilities, read-only mounts) stands on its own; the filter closes what
those do not reach: socket families that ignore network namespaces (AF_VSOCK), set-user-id bits that would take
effect outside, terminal injection, and kernel interfaces with a history of escapes.

Layout of the program's input: ``struct seccomp_data`` in linux/seccomp.h (nr, arch, instruction pointer, 6 args).
"""

from __future__ import annotations

import errno
import functools
import itertools
import json
import platform
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tools.errors import InfrastructureError

# system call numbers: (x86_64, aarch64); -1 where the machine has none
_ALWAYS = {
    "acct": (163, 89), "add_key": (248, 217), "bpf": (321, 280), "chroot": (161, 51),
    "clock_adjtime": (305, 266), "clock_settime": (227, 112), "delete_module": (176, 106),
    "fanotify_init": (300, 262), "finit_module": (313, 273), "fsconfig": (431, 431), "fsmount": (432, 432),
    "fsopen": (430, 430), "fspick": (433, 433), "init_module": (175, 105), "ioperm": (173, -1), "iopl": (172, -1),
    "kcmp": (312, 272), "kexec_file_load": (320, 294), "kexec_load": (246, 104), "keyctl": (250, 219),
    "lookup_dcookie": (212, 18), "modify_ldt": (154, -1), "mount": (165, 40), "mount_setattr": (442, 442),
    "move_mount": (429, 429), "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265),
    "open_tree": (428, 428), "perf_event_open": (298, 241), "pidfd_getfd": (438, 438), "pivot_root": (155, 41),
    "process_madvise": (440, 440), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "ptrace": (101, 117), "quotactl": (179, 60), "quotactl_fd": (443, 443), "reboot": (169, 142),
    "request_key": (249, 218), "setdomainname": (171, 162), "sethostname": (170, 161), "setns": (308, 268),
    "settimeofday": (164, 170), "swapoff": (168, 225), "swapon": (167, 224), "syslog": (103, 116),
    "umount2": (166, 39), "vhangup": (153, 58),
}  # fmt: skip
# callers of these fall back to older calls when told that the kernel has none
_ABSENT = {
    "clone3": (435, 435), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "io_uring_setup": (425, 425), "openat2": (437, 437), "userfaultfd": (323, 282),
}  # fmt: skip
_CHECKED = {
    "chmod": (90, -1), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452), "creat": (85, -1),
    "open": (2, -1), "openat": (257, 56), "mknod": (133, -1), "mknodat": (259, 33), "clone": (56, 220),
    "unshare": (272, 97), "socket": (41, 198), "socketpair": (53, 199), "ioctl": (16, 29), "shmget": (29, 194),
}  # fmt: skip
_SET_ID = (0o4000, 0o2000)
_CREATES = (0o100, 0o20000000)  # O_CREAT, the bit that is O_TMPFILE's own: only then does open look at the mode
_FILE_TYPE = 0o170000
_DEVICES = (0o020000, 0o060000)
_NEW_NAMESPACE = (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000)
_NEW_TIME = 0x80  # means so in unshare only
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C
_FAMILIES = frozenset({1, 2, 10, 16})  # unix, inet, inet6, netlink
_LOW = 0xFFFFFFFF


@dataclass(frozen=True)
class ArgumentTest:
    """A condition on one argument: ``arg & mask == value``, or ``arg >= value``."""

    arg: int
    value: int
    mask: int = _LOW
    at_least: bool = False


@dataclass(frozen=True)
class Rule:
    """Refuse a system call with an error number when all tests hold."""

    name: str
    error: int
    tests: tuple[ArgumentTest, ...] = ()


@dataclass(frozen=True)
class Machine:
    """One architecture: its audit number and its column in the tables."""

    audit: int
    column: int


MACHINES = {"x86_64": Machine(0xC000003E, 0), "aarch64": Machine(0xC00000B7, 1)}


def rules(*, shared_memory: bool = True) -> list[Rule]:
    """Everything refused.

    Args:
        shared_memory: whether System V segments may be made; they belong to no process, so only a
            control group can account for them.
    """
    found = [Rule(name, errno.EPERM) for name in _ALWAYS]
    found += [Rule(name, errno.ENOSYS) for name in _ABSENT]
    found += _set_id_rules()
    for name, mode in (("mknod", 1), ("mknodat", 2)):
        found += [Rule(name, errno.EPERM, (ArgumentTest(mode, kind, _FILE_TYPE),)) for kind in _DEVICES]
    for bit in _NEW_NAMESPACE:
        found += [Rule(name, errno.EPERM, (ArgumentTest(0, bit, bit),)) for name in ("clone", "unshare")]
    found.append(Rule("unshare", errno.EPERM, (ArgumentTest(0, _NEW_TIME, _NEW_TIME),)))
    for name in ("socket", "socketpair"):
        refused = set(range(max(_FAMILIES))) - _FAMILIES
        found += [Rule(name, errno.EAFNOSUPPORT, (ArgumentTest(0, family),)) for family in sorted(refused)]
        found.append(Rule(name, errno.EAFNOSUPPORT, (ArgumentTest(0, max(_FAMILIES) + 1, at_least=True),)))
    found += [Rule("ioctl", errno.EPERM, (ArgumentTest(1, request),)) for request in (_TIOCSTI, _TIOCLINUX)]
    if not shared_memory:
        found.append(Rule("shmget", errno.ENOSPC))
    return found


def _set_id_rules() -> Iterator[Rule]:
    """No file gets a set-user-id or set-group-id bit, by whichever call."""
    modes = (("chmod", 1), ("fchmod", 1), ("fchmodat", 2), ("fchmodat2", 2), ("creat", 1), ("mknod", 1), ("mknodat", 2))
    for (name, mode), bit in itertools.product(modes, _SET_ID):
        yield Rule(name, errno.EPERM, (ArgumentTest(mode, bit, bit),))
    for (name, flags), flag, bit in itertools.product((("open", 1), ("openat", 2)), _CREATES, _SET_ID):
        yield Rule(name, errno.EPERM, (ArgumentTest(flags, flag, flag), ArgumentTest(flags + 1, bit, bit)))


_LOAD, _AND, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x54, 0x15, 0x35, 0x06  # BPF_LD|W|ABS, ALU|AND|K, JMP|JEQ, JMP|JGE, RET
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_NUMBER_AT, _ARCH_AT, _ARGS_AT = 0, 4, 16
_X32 = 0x40000000


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)


@functools.cache
def program(machine: str | None = None, *, shared_memory: bool = True) -> bytes:
    """The filter as an array of ``struct sock_filter``; system calls of a foreign architecture fail with ENOSYS.

    Args:
        machine: as ``platform.machine()`` says it; ours by default.
        shared_memory: see :func:`rules`.

    Raises:
        InfrastructureError: no numbers are known for the machine.
    """
    machine = machine or platform.machine()
    if machine not in MACHINES:
        raise InfrastructureError(
            f"no system call filter for {machine}", hint="use --environment docker, or an x86_64 or aarch64 machine"
        )
    known = MACHINES[machine]
    absent = _step(_RETURN, _ERRNO | errno.ENOSYS)
    steps = [_step(_LOAD, _ARCH_AT), _step(_EQUAL, known.audit, 1, 0), absent]
    steps += [_step(_LOAD, _NUMBER_AT), _step(_AT_LEAST, _X32, 0, 1), absent]
    numbers = {name: pair[known.column] for name, pair in (_ALWAYS | _ABSENT | _CHECKED).items()}
    for name, group in itertools.groupby(
        sorted(rules(shared_memory=shared_memory), key=_order), lambda rule: rule.name
    ):
        if numbers[name] >= 0:
            steps += _block(numbers[name], list(group))
    return b"".join([*steps, _step(_RETURN, _ALLOW)])


def _order(rule: Rule) -> tuple[bool, str]:
    return bool(rule.tests), rule.name


def _block(number: int, group: Sequence[Rule]) -> list[bytes]:
    """Steps for one system call; entered and left with its number loaded, unless it matches."""
    body: list[bytes] = []
    for rule in group:
        body += _rule_steps(rule)
    if any(rule.tests for rule in group):
        body.append(_step(_RETURN, _ALLOW))
    return [_step(_EQUAL, number, 0, len(body)), *body]


def _rule_steps(rule: Rule) -> list[bytes]:
    """Return the error if all tests hold, else fall through to what follows."""
    steps = [_step(_RETURN, _ERRNO | rule.error)]
    for test in reversed(rule.tests):  # built from the end: each failing test jumps over all that is built so far
        jump = _step(_AT_LEAST if test.at_least else _EQUAL, test.value, 0, len(steps))
        mask = [] if test.mask == _LOW else [_step(_AND, test.mask)]
        steps = [_step(_LOAD, _ARGS_AT + 8 * test.arg), *mask, jump, *steps]
    return steps


def docker_profile() -> str:
    """The same rules as the JSON that ``docker run --security-opt seccomp=`` takes."""
    refused = [
        {
            "names": [rule.name],
            "action": "SCMP_ACT_ERRNO",
            "errnoRet": rule.error,
            "args": [_docker_test(test) for test in rule.tests],
        }
        for rule in rules()
    ]
    machines = ["SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"]
    return json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "architectures": machines, "syscalls": refused})


def _docker_test(test: ArgumentTest) -> dict[str, int | str]:
    if test.at_least:
        return {"index": test.arg, "value": test.value, "op": "SCMP_CMP_GE"}
    return {"index": test.arg, "value": test.mask, "valueTwo": test.value, "op": "SCMP_CMP_MASKED_EQ"}
