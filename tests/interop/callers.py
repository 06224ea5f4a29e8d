"""The two clients: each makes the calls of a scenario and tells what they returned.

A call is a word: `initiate`, `adopt:ID`, `poll:INTERVAL:TIMEOUT[:CANCEL_AFTER]`, `spawn:INTERVAL:TIMEOUT`, `cancel`,
`totp:CODE`. `client.rs` explains them; both sides read the same words.
"""

from __future__ import annotations

import json
import re
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from authsec_sdk import CIBAClient

from processes import running
from server import Server

LONGEST_RUN = 120


@dataclass(frozen=True)
class Returned:
    call: str
    text: str
    late: float | None = None  # seconds between a cancel and the return of the poll that it stopped


class Official:
    """The official SDK, used as its API reference shows."""

    def __init__(self, server: Server, client_id: str | None, email: str) -> None:
        # The SDK has no types.
        self._client: Any = CIBAClient(client_id=client_id, base_url=server.base_url)  # type: ignore[no-untyped-call]
        self._email = email
        self._auth_req_id = ""
        self._returned: list[Returned] = []
        self._spawned: list[threading.Thread] = []
        self._last: list[Returned] = []

    def play(self, calls: list[str]) -> list[Returned]:
        try:
            for call in calls:
                name, *arguments = call.split(":")
                getattr(self, f"_{name}")(*arguments)
        except Exception as error:  # the caller's program would end here
            self._say("raised", f"{type(error).__name__}: {error}")
        for thread in self._spawned:
            thread.join()
        return self._returned + self._last

    def _say(self, call: str, text: str, late: float | None = None) -> None:
        self._returned.append(Returned(call, text, late))

    def _initiate(self) -> None:
        result = self._client.initiate_app_approval(self._email)
        self._say("initiate", _reason(result["error"]) if result.get("error") else "acknowledged")
        self._auth_req_id = result["auth_req_id"]

    def _adopt(self, auth_req_id: str) -> None:
        self._auth_req_id = auth_req_id

    def _poll(self, interval: str, timeout: str, cancel_after: str | None = None) -> None:
        cancelled_at: list[float] = []
        if cancel_after is not None:
            threading.Timer(float(cancel_after), self._cancel_at, [cancelled_at]).start()
        text = self._poll_now(self._auth_req_id, interval, timeout)
        self._say("poll", text, time.monotonic() - cancelled_at[0] if cancelled_at else None)

    def _poll_now(self, auth_req_id: str, interval: str, timeout: str) -> str:
        # `float`, because the SDK takes it and a scenario without ties needs halves.
        result = self._client.poll_for_approval(
            self._email, auth_req_id, interval=float(interval), timeout=float(timeout)
        )
        token = result.get("token")
        return str(result["status"]) + (f", token of {len(token)} characters" if token else "")

    def _cancel_at(self, when: list[float]) -> None:
        self._client.cancel_approval(self._email)
        when.append(time.monotonic())

    def _spawn(self, interval: str, timeout: str) -> None:
        auth_req_id = self._auth_req_id

        def run() -> None:
            self._last.append(Returned("spawn", self._poll_now(auth_req_id, interval, timeout)))

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        self._spawned.append(thread)
        time.sleep(0.3)  # it has no way to say that the poll has begun

    def _cancel(self) -> None:
        self._say("cancel", self._client.cancel_approval(self._email)["status"])

    def _totp(self, code: str) -> None:
        result: dict[str, Any] = self._client.verify_totp(self._email, code)
        token = result.get("token")
        said = "success" if result["success"] else _reason(result["error"])
        shown = f", token of {len(token)} characters" if token else ""
        self._say("totp", f"{said}/{result['remaining']}{shown}")


def _reason(error: str) -> str:
    """A code as it is; of the text of an exception, which names ports and addresses, what it is about."""
    if re.fullmatch(r"[a-z_]+", error):
        return error
    return "read timed out" if "Read timed out" in error else "exception text"


class Crate:
    """This crate, through `interop_client`."""

    def __init__(
        self, program: Path, server: Server, routes: str, client_id: str | None, email: str, options: list[str]
    ) -> None:
        self._command = [str(program), "--base-url", server.base_url, "--email", email]
        if client_id is not None:
            self._command += ["--routes", routes, "--client-id", client_id]
        self._command += [option.format(workspace_id=server.workspace_id) for option in options]

    def play(self, calls: list[str]) -> list[Returned]:
        with running([*self._command, *calls]) as process:
            printed, _ = process.communicate(timeout=LONGEST_RUN)
            if process.returncode != 0:
                raise RuntimeError(f"interop_client ended with {process.returncode}")
        lines = [json.loads(line) for line in printed.splitlines()]
        return [Returned(line["call"], line["returned"], line["late"]) for line in lines]
