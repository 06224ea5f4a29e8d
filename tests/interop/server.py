"""A sandbox process, and its control API."""

from __future__ import annotations

import base64
import json
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from processes import running

EMAIL = "user@example.com"
CLIENT_ID = "client-id"
CLIENT_SECRET = "client-secret"
INITIATE = "/authsec/uflow/auth/workspace/ciba/initiate"

Json = dict[str, Any]


@dataclass(frozen=True)
class Phone:
    """What the person does once the server has answered this many polls."""

    after_polls: int
    does: str  # "approve", "deny", or "sleep" until the request is over


@contextmanager
def sandbox(program: Path, options: list[str]) -> Iterator[Server]:
    """A sandbox on a port of its own, for as long as the context lasts."""
    client = f"{CLIENT_ID}:{CLIENT_SECRET}"
    with running([str(program), "--port", "0", "--client", client, *options]) as process:
        assert process.stdout is not None
        said = _start_of(process.stdout)
        server = Server(said["base URL"], said["workspace"])
        try:
            yield server
        finally:
            server.over.set()


def _start_of(lines: IO[str]) -> dict[str, str]:
    """What the sandbox says at its start; its port is open by then."""
    said: dict[str, str] = {}
    for line in lines:
        if line.startswith("stop with"):
            return said
        said[line[:11].strip()] = line[11:].strip()
    raise RuntimeError("the sandbox did not start")


class Server:
    """What can be asked of a running sandbox."""

    def __init__(self, base_url: str, workspace_id: str) -> None:
        self.base_url, self.workspace_id = base_url, workspace_id
        self.over = threading.Event()

    def control(self, call: str, body: Json | None = None) -> Json:
        return self._ask(f"/_sandbox/{call}", body, {})

    def _ask(self, path: str, body: Json | None, headers: dict[str, str]) -> Json:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", **headers}
        request = urllib.request.Request(self.base_url + path, data, headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            found = json.load(answer)
        assert isinstance(found, dict)
        return found

    def log(self) -> list[Json]:
        requests: list[Json] = self.control("log")["requests"]
        return requests

    def pushes(self) -> int:
        return sum(request["pushes"] for request in self.control("issued")["requests"])

    def totp(self) -> Json:
        return self.control("totp?email=" + urllib.parse.quote(EMAIL))

    def initiate_as_another(self) -> str:
        """What a process that has the client's secret would get."""
        basic = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        answer = self._ask(INITIATE, {"email": EMAIL}, {"Authorization": f"Basic {basic}"})
        return str(answer["auth_req_id"])

    def hold(self, phone: Phone) -> None:
        """Lets a person watch this server until it ends."""
        threading.Thread(target=self._watch, args=(phone,), daemon=True).start()

    def _watch(self, phone: Phone) -> None:
        while not self.over.wait(0.1):
            try:
                answered = [it for it in self.log() if it["call"] == "poll" and it["answered_ms"] is not None]
                if len(answered) < phone.after_polls:
                    continue
                self._do(phone.does)
                return
            except OSError:
                if not self.over.is_set():
                    raise

    def _do(self, what: str) -> None:
        if what == "sleep":
            self.control("clock", {"advance_seconds": 301})
            return
        oldest = self.control("pending")["requests"][-1]["auth_req_id"]
        self.control("answer", {"auth_req_id": oldest, "approved": what == "approve"})
