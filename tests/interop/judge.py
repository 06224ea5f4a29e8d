"""What the server saw, whether it is what was expected, and the table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from callers import Returned
from scenarios import Python, Rust, Scenario

# A poll ends within 100 ms of its cancel (behaviour, B-40). The official SDK sleeps on for much longer.
PROMPT, SLUGGISH = 0.1, 0.5
# What jitter, the last look at the deadline (B-14) and a busy machine may add to a gap. Less than a second, so that no
# sleep passes for another one.
SLACK = 0.9


@dataclass(frozen=True)
class Cell:
    """One side of a row: what its calls returned, and what its server logged."""

    returned: list[Returned]
    log: list[dict[str, Any]]
    pushes: int

    @property
    def text(self) -> str:
        """What the calls returned, without those that just went well before the one that counts."""
        shown = []
        for it in self.returned:
            if (it.call, it.text) in {("initiate", "acknowledged"), ("cancel", "cancelled")}:
                continue
            label = {"initiate": "initiate: ", "cancel": "cancel: ", "spawn": "older poll: "}.get(it.call, "")
            shown.append(label + it.text)
        return "; ".join(shown)

    @property
    def late(self) -> float | None:
        return next((it.late for it in self.returned if it.late is not None), None)

    @property
    def requests(self) -> int:
        return sum(it["call"] in {"poll", "totp"} for it in self.log)

    @property
    def unexpected(self) -> list[str]:
        return [f"{it['path']}: {it['unexpected']}" for it in self.log if it["unexpected"]]

    def gaps(self) -> list[list[float]]:
        """For each id: from its acknowledgement to its first poll, from there to the second, and so on.

        Always from the moment at which the server began to answer, which is before the client has the answer.
        """
        ids = dict.fromkeys(it["auth_req_id"] for it in self.log if it["call"] == "poll")
        lives = [[it for it in self.log if it["auth_req_id"] == auth_req_id] for auth_req_id in ids]
        return [[_seconds(earlier, later) for earlier, later in pairwise(life)] for life in lives]

    def smallest_gap(self) -> float | None:
        polls = replace(self, log=[it for it in self.log if it["call"] == "poll"])
        return min((gap for gaps in polls.gaps() for gap in gaps), default=None)


def _seconds(earlier: dict[str, Any], later: dict[str, Any]) -> float:
    # A request that was never answered ends when it was received, as far as the server can tell.
    ended: int = earlier["received_ms"] if earlier["answered_ms"] is None else earlier["answered_ms"]
    received: int = later["received_ms"]
    return (received - ended) / 1000


def _plain(text: str) -> str:
    return re.sub(r"token of [1-9]\d* characters", "token of N characters", text)


def wrongs_of_rust(cell: Cell, expected: Rust, pushes: int) -> list[str]:
    wrongs = _common(cell, expected.says, expected.requests, pushes)
    for gaps in cell.gaps():
        for number, gap in enumerate(gaps if expected.floors else []):
            floor = expected.floors[min(number, len(expected.floors) - 1)]
            if gap < floor:
                wrongs.append(f"gap {number} of {gap} s undercuts the floor of {floor} s")
            if gap >= floor + SLACK:
                wrongs.append(f"gap {number} of {gap} s is far beyond the floor of {floor} s")
    if cell.late is not None and cell.late > PROMPT:
        wrongs.append(f"came back {cell.late:.3f} s after the cancel")
    wrongs += [f"unexpected request {what}" for what in cell.unexpected]
    return wrongs


def wrongs_of_python(cell: Cell, expected: Python, pushes: int) -> list[str]:
    pushes = pushes if expected.pushes is None else expected.pushes
    wrongs = _common(cell, expected.says, expected.requests, pushes)
    gap = cell.smallest_gap()
    if (gap is None) != (expected.gap is None):
        wrongs.append(f"smallest gap {gap} for {expected.gap}")
    if gap is not None and expected.gap is not None and not expected.gap <= gap < expected.gap + SLACK:
        wrongs.append(f"smallest gap {gap} s for {expected.gap} s")
    if expected.late and (cell.late is None or cell.late < SLUGGISH):
        wrongs.append(f"came back {cell.late} s after the cancel, which is new")
    if len(cell.unexpected) != expected.unexpected:
        wrongs.append(f"unexpected requests {cell.unexpected}")
    return wrongs


def _common(cell: Cell, says: str, requests: int, pushes: int) -> list[str]:
    wrongs = []
    if _plain(cell.text) != says:
        wrongs.append(f"returned {cell.text!r} for {says!r}")
    if cell.requests != requests:
        wrongs.append(f"{cell.requests} requests for {requests}")
    if cell.pushes != pushes:
        wrongs.append(f"{cell.pushes} pushes for {pushes}")
    return wrongs


@dataclass(frozen=True)
class Row:
    scenario: Scenario
    python: Cell | None
    rust: Cell

    def wrongs(self) -> list[str]:
        of_rust = wrongs_of_rust(self.rust, self.scenario.rust, self.scenario.pushes)
        of_python: list[str] = []
        if self.python is not None and self.scenario.python is not None:
            of_python = wrongs_of_python(self.python, self.scenario.python, self.scenario.pushes)
        return [
            *(f"Rust {wrong}" for wrong in of_rust),
            *(f"Python not as known: {wrong}" for wrong in of_python),
        ]

    def verdict(self) -> str:
        if wrongs := self.wrongs():
            return "FAILED: " + "; ".join(wrongs)
        if self.scenario.python is None:
            return "Rust right"
        if wrong := self.scenario.python.wrong:
            return f"Rust right. Python: {wrong}"
        return "both right"

    def columns(self) -> list[str]:
        return [
            self.scenario.name,
            self.scenario.flow.title,
            *_columns(self.python),
            *_columns(self.rust),
            self.verdict(),
        ]


def _columns(cell: Cell | None) -> list[str]:
    if cell is None:
        return ["has no such routes", "-", "-"]
    late = "" if cell.late is None else f" ({cell.late:.2f} s after the cancel)"
    gap = cell.smallest_gap()
    return [cell.text + late, str(cell.requests), "-" if gap is None else f"{gap:.3f}"]


HEAD = [
    "scenario",
    "flow",
    "Python SDK returned",
    "polls",
    "smallest gap (s)",
    "Rust returned",
    "polls",
    "smallest gap (s)",
    "verdict",
]


def table(rows: Sequence[Row]) -> str:
    lines = [HEAD, *(row.columns() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    printed = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |" for line in lines]
    printed.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(printed)
