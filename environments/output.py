"""Output of a command, bounded: the head and the tail are kept, the middle is counted."""

from __future__ import annotations


class BoundedOutput:
    """Keeps at most ``limit`` bytes of a stream of any length, half from each end.

    Args:
        limit: bytes kept; memory use stays below twice that.
    """

    def __init__(self, limit: int) -> None:
        self.total = 0
        self._head_size = limit - limit // 2
        self._tail_size = limit // 2
        self._head = bytearray()
        self._tail = bytearray()

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the stream."""
        self.total += len(data)
        room = self._head_size - len(self._head)
        if room > 0:
            self._head += data[:room]
            data = data[room:]
        if not data:
            return
        self._tail += data[-self._tail_size :] if self._tail_size else b""
        if len(self._tail) > self._tail_size + max(self._tail_size, 65536):
            del self._tail[: -self._tail_size]

    def text(self) -> str:
        """What is kept as text: UTF-8, undecodable bytes replaced, a note where bytes are left out."""
        tail = bytes(self._tail[-self._tail_size :]) if self._tail_size else b""
        left_out = self.total - len(self._head) - len(tail)
        if left_out <= 0:
            return (bytes(self._head) + tail).decode("utf-8", "replace")
        note = f"\n[... {left_out} bytes of output left out ...]\n"
        return self._head.decode("utf-8", "replace") + note + tail.decode("utf-8", "replace")
