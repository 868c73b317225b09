"""An instant OpenAI-compatible endpoint on loopback, for measuring what stands in front of it.

    python endpoint.py [--port 0] [--latency 0.2]

Prints its port, then answers every request after the latency. `GET /stats` tells how many requests came, over how
many seconds from the first request to the last answer, and how many were under way at most.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time

MESSAGE = {"role": "assistant", "content": "fine\n\n```mswea_bash_command\ntrue\n```"}  # mini-swe-agent wants a command
ANSWER = {
    "id": "x",
    "object": "chat.completion",
    "created": 0,
    "model": "instant",
    "choices": [{"index": 0, "message": MESSAGE, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110},
}


class Endpoint:
    """Answers, and counts."""

    def __init__(self, latency: float) -> None:
        self.latency = latency
        self.requests = self.active = self.most = 0
        self.first = self.last = 0.0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = next((line for line in head.split(b"\r\n") if line.startswith(b"content-length:")), b":0")
                await reader.readexactly(int(length.partition(b":")[2]))
                body = self.stats() if head.startswith(b"get /stats") else await self.answer()
                data = json.dumps(body).encode()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
                writer.write(b"Content-Length: %d\r\n\r\n" % len(data) + data)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def answer(self) -> object:
        """The answer, after the latency."""
        self.first = self.first or time.monotonic()
        self.requests += 1
        self.active += 1
        self.most = max(self.most, self.active)
        if self.latency:
            await asyncio.sleep(self.latency)
        self.active -= 1
        self.last = time.monotonic()
        return ANSWER

    def stats(self) -> object:
        """What came, and begins to count anew."""
        told = {"requests": self.requests, "seconds": self.last - self.first, "most": self.most}
        self.requests = self.active = self.most = 0
        self.first = self.last = 0.0
        return told


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0)
    arguments = parser.parse_args()
    server = await asyncio.start_server(Endpoint(arguments.latency).serve, "127.0.0.1", arguments.port, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
