"""The append-only report: one JSON object a line, each written at once."""

import binascii
import fcntl
import hashlib
import hmac
import json
import os
import sys

MESSAGE_HEAD, MESSAGE_TAIL = 3000, 5000
MAX_FRAMES = 60
MAX_LINES_BYTES = 128 * 2**20
FOREIGN_FOLDERS = ("site-packages", "dist-packages", ".tox", ".nox", ".venv", "node_modules")


class Recorder:
    """Writes what happens to the report, from this process only.

    Attributes:
        fd: of the report; tracebacks of faulthandler go there too.
        root: the folder whose files count as the repository's.

    With a key, in hex digits, every line is numbered and signed (tools/testing/sealing.py).
    """

    def __init__(self, path: str, root: str, key: str = "") -> None:
        self.root = os.path.realpath(root)
        self._pid = os.getpid()
        self._key = binascii.unhexlify(key)
        self._number = 0
        self._lines_bytes = 0
        self._relative: "dict[str, str | None]" = {}
        self._cwd = os.getcwd()
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o644)
        # a high number: tests that close or reuse low descriptors do not meet it
        self.fd = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 250)
        os.close(fd)

    @property
    def is_own(self) -> bool:
        """Whether this is the process that opened the report."""
        return os.getpid() == self._pid

    def write(self, event: str, **fields: object) -> int:
        """Append one event; a forked child, which holds the same descriptor, is ignored."""
        if not self.is_own:
            return 0
        line = self._signed(dict(fields, event=event)) + b"\n"
        sent = 0
        while sent < len(line):
            sent += os.write(self.fd, line[sent:])
        return sent

    def _signed(self, event: "dict[str, object]") -> bytes:
        if not self._key:
            return json.dumps(event, sort_keys=True).encode("ascii")
        event["number"] = self._number
        self._number += 1
        body = json.dumps(event, sort_keys=True).encode("ascii")
        sign = hmac.new(self._key, body, hashlib.sha256).hexdigest()[:32]
        return body[:-1] + (', "seal": "%s"}' % sign).encode("ascii")

    def collected(self, tests: "list[str]") -> None:
        """The tests that are about to run."""
        self.write("collected", tests=tests)

    def start(self, test: str, label: str = "") -> None:
        """`test` begins; the runner prints it as `label`."""
        if label:
            self.write("start", test=test, label=label)
        else:
            self.write("start", test=test)

    def finish(
        self,
        test: str,
        status: str,
        *,
        seconds: float = 0.0,
        message: str = "",
        error: "BaseException | None" = None,
        crash: "tuple[str, list[tuple[str, int, str]]] | None" = None,
        collecting: bool = False,
    ) -> None:
        """`test` ended in `status`.

        What ended it is an `error`, or, where only its report is left, a `crash`: exception and frames.
        `collecting` when the test is a file that was to be searched for tests.
        """
        fields: "dict[str, object]" = {"test": test, "status": status, "seconds": round(seconds, 6)}
        if collecting:
            fields["collecting"] = True
        if message:
            fields["message"] = bounded(message)
        if error is not None:
            fields["exception"] = summary(error)
            fields["frames"] = self.frames(error)
        elif crash is not None:
            fields["exception"], fields["frames"] = crash
        self.write("finish", **fields)

    def lines(self, test: "str | None", files: "dict[str, set[int]]") -> None:
        """The lines `test` executed; None stands for what ran outside of any test."""
        if not files:
            return
        if self._lines_bytes > MAX_LINES_BYTES:
            return
        ranges = {path: as_ranges(lines) for path, lines in files.items()}
        self._lines_bytes += self.write("lines", test=test, files=ranges)
        if self._lines_bytes > MAX_LINES_BYTES:
            self.write("problem", text="line coverage cut: too much of it")

    def relative(self, filename: str) -> "str | None":
        """The path of a source file within the repository, None for everything else."""
        try:
            return self._relative[filename]
        except KeyError:
            path = self._relative[filename] = self._relate(filename)
            return path

    def _relate(self, filename: str) -> "str | None":
        if filename.startswith("<"):
            return None
        path = os.path.normpath(os.path.join(self._cwd, filename))
        if not path.startswith(self.root + os.sep):
            path = os.path.realpath(path)
            if not path.startswith(self.root + os.sep):
                return None
        path = path[len(self.root) + 1 :]
        return None if any(part in FOREIGN_FOLDERS for part in path.split(os.sep)) else path

    def frames(self, error: "BaseException | None") -> "list[tuple[str, int, str]]":
        """Frames within the repository, outermost first; those of the causes follow, so that the crash is last."""
        found: "list[tuple[str, int, str]]" = []
        seen: "set[int]" = set()
        while error is not None and id(error) not in seen:
            seen.add(id(error))
            trace = error.__traceback__
            while trace is not None:
                path = self.relative(trace.tb_frame.f_code.co_filename)
                if path is not None:
                    found.append((path, trace.tb_lineno, trace.tb_frame.f_code.co_name))
                trace = trace.tb_next
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return found[-MAX_FRAMES:]


def bounded(text: str) -> str:
    """`text`, without its middle when it is long."""
    if len(text) <= MESSAGE_HEAD + MESSAGE_TAIL:
        return text
    cut = len(text) - MESSAGE_HEAD - MESSAGE_TAIL
    return "%s\n... %d characters left out ...\n%s" % (text[:MESSAGE_HEAD], cut, text[-MESSAGE_TAIL:])


def summary(error: "BaseException") -> str:
    """The type of an exception and the first line of its text."""
    name = type(error).__name__
    try:
        text = str(error).strip()
    except Exception:  # noqa: BLE001  a broken __str__ of the repository's
        text = "<no text: str() failed>"
    return (name + ": " + text.splitlines()[0] if text else name)[:500]


def as_ranges(lines: "set[int]") -> str:
    """Line numbers, written short: {1, 2, 3, 7} is "1-3,7"."""
    parts: "list[list[int]]" = []
    for line in sorted(lines):
        if parts and line == parts[-1][1] + 1:
            parts[-1][1] = line
        else:
            parts.append([line, line])
    return ",".join(str(a) if a == b else "%d-%d" % (a, b) for a, b in parts)


def close_input() -> None:
    """Let the tests read an empty standard input."""
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
