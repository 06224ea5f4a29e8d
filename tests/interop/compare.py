"""Plays every scenario on both clients, each on a sandbox of its own, and prints the comparison."""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import signal
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from callers import Crate, Official, Returned
from judge import Cell, Row, table
from processes import kill_all
from scenarios import SCENARIOS, Flow, Scenario
from server import CLIENT_ID, EMAIL, Server, sandbox

SDK = "4.7.3"
FOOTNOTE = (
    "Numbers in brackets: the defects listed in README.md. /N: attempts left. In the TOTP rows 'polls' are"
    " logins. The time from the acknowledgement to the first poll of Rust is checked, too."
)
# Cells at once. They mostly wait.
CROWD = 16


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--programs", type=Path, required=True, help="where `sandbox` and `interop_client` are")
    options.add_argument("--only", default="", help="scenarios whose name holds this text")
    arguments = options.parse_args()
    found = importlib.metadata.version("authsec-sdk")
    if found != SDK:
        print(f"*** interop: this is authsec-sdk {found}, the expectations are of {SDK} ***", file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, stop)

    scenarios = [it for it in SCENARIOS if arguments.only in it.name]
    began = time.monotonic()
    rows = play(scenarios, arguments.programs)
    failed = [row for row in rows if row.wrongs()]
    print(table(rows))
    print(f"\n{FOOTNOTE} authsec-sdk {found}; {time.monotonic() - began:.0f} s.")
    print(f"{len(rows) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed or not rows else 0


def stop(*_: object) -> None:
    """Waits for nobody: sleeping threads would take their time."""
    kill_all()
    os._exit(143)


def play(scenarios: list[Scenario], programs: Path) -> list[Row]:
    longest_first = sorted(scenarios, key=lambda it: -it.seconds)
    with ThreadPoolExecutor(CROWD) as crowd:
        cells = {
            (id(scenario), side): crowd.submit(cell, scenario, side, programs)
            for scenario in longest_first
            for side in (("rust",) if scenario.python is None else ("python", "rust"))
        }
        done = {key: found.result() for key, found in cells.items()}
    return [Row(it, done.get((id(it), "python")), done[id(it), "rust"]) for it in scenarios]


def cell(scenario: Scenario, side: str, programs: Path) -> Cell:
    options = [*scenario.flow.options, "--interval", str(scenario.interval)]
    with sandbox(programs / "sandbox", options) as server:
        for fault in scenario.faults:
            server.control("fault", fault)
        if scenario.reaction is not None:
            server.control("react", {"email": EMAIL, **scenario.reaction})
        calls = filled_in(scenario.calls, server)
        if scenario.phone is not None:
            server.hold(scenario.phone)
        returned = caller(scenario, side, server, programs)(calls)
        return Cell(returned, server.log(), server.pushes())


def filled_in(calls: tuple[str, ...], server: Server) -> list[str]:
    values = {}
    if any(call.startswith("totp:") for call in calls):
        codes = server.totp()
        values = {"totp:right": f"totp:{codes['code']}", "totp:wrong": f"totp:{codes['wrong_code']}"}
    if "adopt:another" in calls:
        values["adopt:another"] = f"adopt:{server.initiate_as_another()}"
    return [values.get(call, call) for call in calls]


def caller(
    scenario: Scenario, side: str, server: Server, programs: Path
) -> Callable[[list[str]], list[Returned]]:
    client_id = CLIENT_ID if scenario.flow.has_client_id else None
    if side == "python":
        return Official(server, client_id, scenario.email).play
    routes = "oauth" if scenario.flow is Flow.OAUTH else "workspace"
    program, options = programs / "interop_client", list(scenario.rust.options)
    return Crate(program, server, routes, client_id, scenario.email, options).play


if __name__ == "__main__":
    sys.exit(main())
