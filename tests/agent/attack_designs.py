"""Designs that mean harm; what they find out they report as the reason of an abstention."""

REPORT = '''
"""An attack."""
import asyncio, json, os, sys

def tried(what):
    try:
        return repr(what())
    except BaseException as error:
        return f"denied: {type(error).__name__} {error}"

async def solve(kit):
    said = {}
    attack(said)
    await kit.abstain(json.dumps(said)[:1900])

'''

READS_KEYS = (
    REPORT
    + """
def attack(said):
    said["environment"] = sorted(os.environ)
    places = ("/proc/1/environ", "/proc/self/environ", SECRET, "/root", "/home", "/etc/shadow")
    for path in places:
        said[path] = tried(lambda: open(path, "rb").read()[:200] if not os.path.isdir(path) else os.listdir(path))[:150]
    hits = []
    for top in ("/", "/tmp", "/home", "/proc/1/root", "/proc/1/cwd"):
        for folder, inner, names in os.walk(top):
            if folder.count("/") > 3 or folder.startswith(("/usr", "/proc", "/sys", "/lib", "/dev")):
                inner.clear()
                continue
            for name in names:
                try:
                    with open(os.path.join(folder, name), "rb") as file:
                        if b"sk-very" + b"-secret" in file.read(100_000):
                            hits.append(name)
                except OSError:
                    pass
    said["hits"] = hits
"""
)

OPENS_SOCKETS = (
    REPORT
    + """
def attack(said):
    import socket
    def to(family, address):
        with socket.socket(family, socket.SOCK_STREAM) as one:
            one.settimeout(2)
            one.connect(address)
            return "connected"
    said["loopback"] = tried(lambda: to(socket.AF_INET, ("127.0.0.1", PORT)))
    said["internet"] = tried(lambda: to(socket.AF_INET, ("1.1.1.1", 53)))
    said["name"] = tried(lambda: socket.getaddrinfo("example.org", 80))
    said["vsock"] = tried(lambda: to(40, (2, 1)))
    said["docker"] = tried(lambda: to(socket.AF_UNIX, "/var/run/docker.sock"))
    said["again"] = tried(lambda: to(socket.AF_UNIX, "/design/kit"))
"""
)

FORKS = (
    REPORT
    + """
def attack(said):
    import time
    born = 0
    while born < 5000:
        try:
            if os.fork() == 0:
                time.sleep(600)
                os._exit(0)
            born += 1
        except OSError:
            break
    said["born"] = born
"""
)

WRITES_OUTSIDE = (
    REPORT
    + """
def attack(said):
    def write(path):
        with open(path, "w") as file:
            file.write("x")
        return "wrote"
    places = (OUTSIDE, "/usr", "/treewright/agent", sys.base_prefix, "/proc/1/root", "/etc", "/proc/sys/kernel", "")
    files = ("/etc/passwd", "/treewright/agent/kit.py", "/proc/sys/kernel/core_pattern")
    for path in (*files, *(place + "/planted" for place in places)):
        said[path] = tried(lambda: write(path))
    said["link"] = tried(lambda: (os.symlink(OUTSIDE, "/design/link"), write("/design/link/planted")))
"""
)

KILLS = (
    REPORT
    + """
def attack(said):
    import signal
    me = os.getpid()
    for pid in (os.getppid(), 1, PARENT):
        if pid != me:
            said[str(pid)] = tried(lambda: os.kill(pid, signal.SIGKILL))
    said["processes"] = sorted(name for name in os.listdir("/proc") if name.isdigit())
"""
)

CTYPES = (
    REPORT
    + """
def attack(said):
    import ctypes
    libc = ctypes.CDLL(None, use_errno=True)
    calls = {
        "mount": lambda: libc.mount(b"none", b"/tmp", b"tmpfs", 0, None),
        "unshare": lambda: libc.unshare(0x10000000),
        "setuid": lambda: libc.setuid(0),
        "ptrace": lambda: libc.ptrace(16, 1, 0, 0),
        "chroot": lambda: libc.chroot(b"/tmp"),
        "vm_read": lambda: libc.process_vm_readv(1, None, 0, None, 0, 0),
        "pidfd_getfd": lambda: libc.syscall(438, 3, 3, 0),
        "keyctl": lambda: libc.syscall(250, 0, 0),
    }
    for name, call in calls.items():
        said[name] = call()
"""
)

MEMORY = '''
"""An attack."""
async def solve(kit):
    held = []
    while True:
        held.append(bytearray(16 << 20))
'''

EXITS = '''
"""An attack."""
import os
async def solve(kit):
    os._exit(0)
'''

HANGS = '''
"""An attack."""
async def solve(kit):
    while True:
        pass
'''

HANGS_IN_ACTIONS = '''
"""An attack."""
async def solve(kit):
    def actions(node):
        while True:
            pass
    async def expand(node):
        return []
    await kit.search("best_first", {"expand": expand}, actions)
'''

READS_NOTHING = '''
"""An attack."""
import os
async def solve(kit):
    line = b'{"call": %d, "method": "localize", "args": {}, "scope": ""}\\n'
    for number in range(10**9):
        kit._pipe._connection.sendall(line % number)
'''

FLOODS_ONE_LINE = '''
"""An attack."""
async def solve(kit):
    while True:
        kit._pipe._connection.sendall(b"[" * (1 << 20))
'''

FLOODS_CALLS = '''
"""An attack."""
async def solve(kit):
    while True:
        kit.budget()
'''

FLOODS_OUTPUT = '''
"""An attack."""
async def solve(kit):
    while True:
        print("x" * (1 << 20))
'''

GARBAGE = {
    "not json": b"hello\\n",
    "no object": b"[]\\n",
    "deep": b"[" * 100_000 + b"]" * 100_000 + b"\\n",
    "nan": b'{"call": 1, "method": "implement", "args": {"temperature": NaN}}\\n',
    "no kind": b'{"hello": 1}\\n',
    "no number": b'{"call": "one", "method": "budget", "args": {}}\\n',
    "huge number": b'{"call": ' + b"9" * 5000 + b"}\\n",
    "not text": b"\\xff\\xfe\\n",
}
SENDS_GARBAGE = '''
"""An attack."""
async def solve(kit):
    kit._pipe._connection.sendall(BYTES)
    while True:
        kit.budget()
'''

CRASHES = '''
"""A mistake."""
async def solve(kit):
    async def expand(node):
        return [kit.child(node.nothing)]
    def actions(node):
        return ("expand",)
    await kit.search("best_first", {"expand": expand}, actions)
'''

FAKES_RESULTS = '''
"""An attack."""
import dataclasses, json
from agent.kit import Child, Evaluation, Revalue, Work

async def solve(kit):
    said = {}
    good = Evaluation(targets={"tests.test_money.ShareTest.test_sum": "passed"}, held=2, regressions_run=True)
    async def refused(name, attempt):
        try:
            said[name] = repr(await attempt())
        except Exception as error:
            said[name] = f"refused: {error}"
    async def mutate(node):
        work = await kit.evaluate(kit.work(node))
        made_up = dataclasses.replace(work, evaluation=good)
        await refused("made up work", lambda: kit.critique(made_up))
        object.__setattr__(work, "evaluation", good)  # of our copy
        return [Child("patch", work, 1.0, True)]
    def actions(node):
        return ("mutate",) if node.kind == "root" and not node.attempts else ()
    await kit.search("best_first", {"mutate": mutate}, actions)
    node = kit.tree.root.children[0]
    said["value"] = node.value
    said["accepted"] = kit.accepted(node)
    said["probability"] = kit.confidence(node).probability
    async def raw(method, args):
        return await kit._call(method, args, raw=True)
    await refused("handle", lambda: raw("evaluate", {"work": {"$": "work", "h": 99999}}))
    await refused("negative handle", lambda: raw("evaluate", {"work": {"$": "work", "h": -1}}))
    await refused("work from data", lambda: raw("evaluate", {"work": {"$": "map", "v": {"snapshot": "0" * 40}}}))
    await refused("node", lambda: raw("submit", {"node": {"$": "node", "id": "made up"}}))
    await refused("private", lambda: raw("_crew", {}))
    await refused("watch", lambda: raw("watch", {"observer": "x"}))
    await refused("types", lambda: raw("localize", {"limit": "10"}))
    await refused("bounds", lambda: raw("localize", {"limit": 10**9}))
    await refused("extra", lambda: raw("localize", {"limit": 1, "more": 2}))
    await refused("policy", lambda: kit.search("../../etc", {}, actions))
    await refused("options", lambda: kit.search("uct", {}, actions, options={"nothing": 1}))
    await refused("view", lambda: kit.view("../../../etc/passwd"))
    await refused("absolute", lambda: kit.view("/etc/passwd"))
    await kit.submit(node)
    kit.tree.root.children[0].value = 1.0
    raise RuntimeError("REPORT" + json.dumps(said))
'''
