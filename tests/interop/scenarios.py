"""What is compared. Nothing but data: what is done, and what each side has to make of it.

Times in the calls are chosen so that nothing falls on the same instant as something else. Defect numbers are those of
the list in `README.md`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from server import EMAIL, Phone

APPROVED = "approved, token of N characters"
VERIFIED = "success/3, token of N characters"
THREE_WRONG = "invalid_code/2; invalid_code/1; invalid_code/0; too_many_retries/0"
APPROVE = Phone(after_polls=2, does="approve")


class Flow(Enum):
    """Name, options of the sandbox, whether the client has a client_id."""

    ADMIN = ("admin", ("--routes", "tenant"), False)
    WORKSPACE = ("workspace", ("--routes", "workspace", "--allow-unauthenticated-clients"), True)
    NEW_ADMIN = ("admin, newest server", ("--routes", "workspace"), False)
    LOCKED = ("workspace, secret needed", ("--routes", "workspace"), True)
    OAUTH = ("OAuth", ("--routes", "oauth"), True)

    def __init__(self, title: str, options: tuple[str, ...], has_client_id: bool) -> None:
        self.title, self.options, self.has_client_id = title, options, has_client_id


@dataclass(frozen=True)
class Python:
    """What 4.7.3 does, right or `wrong`."""

    says: str
    requests: int
    wrong: str = ""
    gap: float | None = None  # the smallest one: at least this, and less than a second more
    late: bool = False  # it comes back long after the cancel
    unexpected: int = 0  # requests that no correct client sends
    pushes: int | None = None  # where they differ from the scenario's


@dataclass(frozen=True)
class Rust:
    """What the promises demand."""

    says: str
    requests: int
    # From the acknowledgement to the first poll, from there to the second, and so on; the last one repeats. Empty where
    # another process has the acknowledgement: nothing holds then but that the first poll goes at once.
    floors: tuple[float, ...] = (1.0,)
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scenario:
    name: str
    flow: Flow
    calls: tuple[str, ...]  # `callers.py` explains them; `totp:right` and `adopt:another` are filled in
    python: Python | None  # `None`: the SDK has no such routes
    rust: Rust
    interval: int = 1  # what the server's acknowledgement says
    reaction: dict[str, Any] | None = None  # of the phone, to a push
    phone: Phone | None = None
    faults: tuple[dict[str, Any], ...] = ()
    email: str = EMAIL
    pushes: int = 1
    seconds: int = 5  # about; the long ones start first


def both(scenario: Scenario) -> list[Scenario]:
    return [scenario, replace(scenario, flow=Flow.WORKSPACE)]


def fault(call: str, name: str, **needs: Any) -> dict[str, Any]:
    return {"call": call, "fault": name, **needs}


AT_ONCE = {"reaction": "approve"}
INITIATE_AND_POLL = ("initiate", "poll:1:30")
WORKSPACE_ID = ("--workspace-id", "{workspace_id}")
SECRET = ("--client-secret", "client-secret")
NO_ID = "KeyError: 'auth_req_id'"

OUTCOMES = [
    *both(
        Scenario(
            name="approved",
            flow=Flow.ADMIN,
            calls=INITIATE_AND_POLL,
            phone=APPROVE,
            python=Python(APPROVED, 3, gap=1.0),
            rust=Rust(APPROVED, 3),
        )
    ),
    *both(
        Scenario(
            name="access_denied",
            flow=Flow.ADMIN,
            calls=INITIATE_AND_POLL,
            phone=Phone(after_polls=2, does="deny"),
            python=Python("access_denied", 3, gap=1.0),
            rust=Rust("access_denied", 3),
        )
    ),
    *both(
        Scenario(
            name="expired_token",
            flow=Flow.ADMIN,
            calls=INITIATE_AND_POLL,
            phone=Phone(after_polls=2, does="sleep"),
            python=Python("expired_token", 3, gap=1.0),
            rust=Rust("expired_token", 3),
        )
    ),
    *both(
        Scenario(
            name="timeout",
            flow=Flow.ADMIN,
            calls=("initiate", "poll:1:3.5"),
            python=Python("timeout", 4, gap=1.0),
            rust=Rust("timeout", 3),
        )
    ),
    *both(
        Scenario(
            name="no device",
            flow=Flow.ADMIN,
            calls=("initiate", "poll:1:2.5"),
            email="nodevice@example.com",
            pushes=0,
            python=Python(
                "initiate: no_device_registered; timeout",
                3,
                "polls with an empty id, false timeout (6, 3)",
                gap=1.0,
                unexpected=3,
            ),
            rust=Rust("initiate: Err(NoDeviceRegistered: no_device_registered)", 0),
        )
    ),
]

CANCELS = [
    *both(
        Scenario(
            name="cancel before the poll",
            flow=Flow.ADMIN,
            calls=("initiate", "cancel", "poll:1:30"),
            phone=APPROVE,
            python=Python(APPROVED, 3, "cancel forgotten, person let in (8)", gap=1.0),
            rust=Rust("cancelled", 0),
        )
    ),
    *both(
        Scenario(
            name="cancel during a sleep",
            flow=Flow.ADMIN,
            calls=("initiate", "poll:3:20:4"),
            python=Python("cancelled", 2, "seen only after the sleep (7)", gap=3.0, late=True),
            rust=Rust("cancelled", 1, floors=(3.0,)),
            seconds=6,
        )
    ),
    Scenario(
        name="cancel during the last sleep",
        flow=Flow.ADMIN,
        calls=("initiate", "poll:3:5:4"),
        python=Python("timeout", 2, "cancel reported as timeout (7)", gap=3.0, late=True),
        rust=Rust("cancelled", 1, floors=(3.0,)),
        seconds=6,
    ),
    Scenario(
        name="cancel during a request",
        flow=Flow.ADMIN,
        calls=("initiate", "poll:1:20:2"),
        faults=(fault("poll", "delay", milliseconds=5000),),
        python=Python("cancelled", 1, "seen only after answer and sleep (7)", late=True),
        rust=Rust("cancelled", 1),
        seconds=7,
    ),
    Scenario(
        name="second initiate, first one approved",
        flow=Flow.ADMIN,
        calls=("initiate", "spawn:1:3.5", "initiate", "poll:1:3.5"),
        phone=APPROVE,
        pushes=2,
        python=Python(f"timeout; older poll: {APPROVED}", 6, "older poll runs on (9)", gap=1.0),
        rust=Rust("timeout; older poll: cancelled", 3),
    ),
]

PACE_AND_FAULTS = [
    *both(
        Scenario(
            name="server interval 10, caller asks 2",
            flow=Flow.ADMIN,
            calls=("initiate", "poll:2:60"),
            interval=10,
            reaction={"reaction": "approve", "after_seconds": 11},
            python=Python(APPROVED, 7, "server interval ignored (2)", gap=2.0),
            rust=Rust(APPROVED, 2, floors=(10.0,)),
            seconds=20,
        )
    ),
    *both(
        Scenario(
            name="slow_down twice",
            flow=Flow.ADMIN,
            calls=("initiate", "poll:1:60"),
            reaction=AT_ONCE,
            faults=(fault("poll", "slow_down", times=2),),
            python=Python(APPROVED, 3, "slow_down ignored (1)", gap=1.0),
            rust=Rust(APPROVED, 3, floors=(1.0, 6.0, 11.0)),
            seconds=18,
        )
    ),
    *both(
        Scenario(
            name="connection reset in a poll",
            flow=Flow.ADMIN,
            calls=INITIATE_AND_POLL,
            phone=Phone(after_polls=1, does="approve"),
            faults=(fault("poll", "pass"), fault("poll", "reset_before")),
            python=Python("error", 2, "one blip ends the poll (4)", gap=1.0),
            rust=Rust(APPROVED, 3, floors=(1.0, 1.0, 1.25)),
        )
    ),
    *both(
        Scenario(
            name="502 with HTML",
            flow=Flow.ADMIN,
            calls=INITIATE_AND_POLL,
            phone=Phone(after_polls=1, does="approve"),
            faults=(fault("poll", "pass"), fault("poll", "html_502")),
            python=Python("error", 2, "one blip ends the poll (4)", gap=1.0),
            rust=Rust(APPROVED, 3, floors=(1.0, 1.0, 1.25)),
        )
    ),
    Scenario(
        name="token lost on the wire",
        flow=Flow.ADMIN,
        calls=INITIATE_AND_POLL,
        reaction=AT_ONCE,
        faults=(fault("poll", "token_lost"),),
        python=Python("error", 1, "cannot be told from any other fault (4)"),
        rust=Rust("approval_lost", 2, floors=(1.0, 1.25)),
    ),
    Scenario(
        name="JSON array",
        flow=Flow.ADMIN,
        calls=INITIATE_AND_POLL,
        reaction=AT_ONCE,
        faults=(fault("poll", "json_array"),),
        python=Python("AttributeError: 'list' object has no attribute 'get'", 1, "the poll crashes (5)"),
        rust=Rust(APPROVED, 2, floors=(1.0, 1.25)),
    ),
    *both(
        Scenario(
            name="initiate takes 12 s",
            flow=Flow.ADMIN,
            calls=INITIATE_AND_POLL,
            reaction=AT_ONCE,
            faults=(fault("initiate", "delay_after", milliseconds=12000),),
            python=Python(f"initiate: read timed out; {NO_ID}", 0, "gives up while the push is out (27, 6)"),
            rust=Rust(APPROVED, 1),
            seconds=14,
        )
    ),
]

TOTP = [
    Scenario(
        name="TOTP right",
        flow=Flow.ADMIN,
        calls=("totp:right",),
        pushes=0,
        python=Python(VERIFIED, 1),
        rust=Rust(VERIFIED, 1),
    ),
    Scenario(
        name="TOTP right",
        flow=Flow.WORKSPACE,
        calls=("totp:right",),
        pushes=0,
        python=Python("invalid_code/2", 1, "refused client called a wrong code (12)"),
        rust=Rust(VERIFIED, 1, options=WORKSPACE_ID),
    ),
    Scenario(
        name="TOTP right, no workspace_id",
        flow=Flow.WORKSPACE,
        calls=("totp:right",),
        pushes=0,
        python=Python("invalid_code/2", 1, "refused client called a wrong code (12)"),
        rust=Rust("Err(Config)", 1),
    ),
    Scenario(
        name="TOTP wrong",
        flow=Flow.ADMIN,
        calls=("totp:wrong", "totp:right"),
        pushes=0,
        python=Python(f"invalid_code/2; {VERIFIED}", 2),
        rust=Rust(f"invalid_code/2; {VERIFIED}", 2),
    ),
    Scenario(
        name="TOTP wrong 3 times, right, cancel, right",
        flow=Flow.ADMIN,
        calls=("totp:wrong", "totp:wrong", "totp:wrong", "totp:right", "cancel", "totp:right"),
        pushes=0,
        python=Python(f"{THREE_WRONG}; {VERIFIED}", 4),
        rust=Rust(f"{THREE_WRONG}; {VERIFIED}", 4),
    ),
    Scenario(
        name="TOTP wrong 3 times, right, cancel, right",
        flow=Flow.WORKSPACE,
        calls=("totp:wrong", "totp:wrong", "totp:wrong", "totp:right", "cancel", "totp:right"),
        pushes=0,
        python=Python(f"{THREE_WRONG}; invalid_code/2", 4, "refused client called a wrong code (12)"),
        rust=Rust(f"{THREE_WRONG}; {VERIFIED}", 4, options=WORKSPACE_ID),
    ),
    Scenario(
        name="TOTP 500, then right",
        flow=Flow.ADMIN,
        calls=("totp:right", "totp:right"),
        pushes=0,
        faults=(fault("totp", "respond", status=500, body='{"error":"database is down"}'),),
        python=Python(f"invalid_code/2; {VERIFIED}", 2, "server fault called a wrong code (12)"),
        rust=Rust(f"Err(Server); {VERIFIED}", 2),
    ),
    Scenario(
        name="TOTP 500, then right",
        flow=Flow.WORKSPACE,
        calls=("totp:right", "totp:right"),
        pushes=0,
        faults=(fault("totp", "respond", status=500, body='{"error":"database is down"}'),),
        python=Python("invalid_code/2; invalid_code/1", 2, "server fault called a wrong code (12)"),
        rust=Rust(f"Err(Server); {VERIFIED}", 2, options=WORKSPACE_ID),
    ),
]

NEWEST_SERVER = [
    Scenario(
        name="no workspace named",
        flow=Flow.NEW_ADMIN,
        calls=("initiate", "poll:1:2.5"),
        pushes=0,
        python=Python(
            "initiate: invalid_request; timeout",
            3,
            "names no workspace, polls with an empty id (22, 6)",
            gap=1.0,
            unexpected=3,
        ),
        rust=Rust("initiate: Err(Refused: invalid_request)", 0),
    ),
    Scenario(
        name="workspace named (Rust only)",
        flow=Flow.NEW_ADMIN,
        calls=("initiate", "poll:1:2.5"),
        reaction=AT_ONCE,
        python=Python(
            "initiate: invalid_request; timeout",
            3,
            "has no such setting (22)",
            gap=1.0,
            unexpected=3,
            pushes=0,
        ),
        rust=Rust(APPROVED, 1, options=WORKSPACE_ID),
    ),
    Scenario(
        name="401 at initiate",
        flow=Flow.LOCKED,
        calls=INITIATE_AND_POLL,
        pushes=0,
        python=Python(f"initiate: invalid_client; {NO_ID}", 0, "no exception, no id (6, 21)"),
        rust=Rust("initiate: Err(ClientAuth: invalid_client)", 0),
    ),
    Scenario(
        name="401 at poll",
        flow=Flow.LOCKED,
        calls=("adopt:another", "poll:1:2.5"),
        python=Python("timeout", 3, "401 polled on, false timeout (3, 21)", gap=1.0),
        rust=Rust("Err(ClientAuth: invalid_client)", 1, floors=()),
    ),
    Scenario(
        name="secret given (Rust only)",
        flow=Flow.LOCKED,
        calls=INITIATE_AND_POLL,
        reaction=AT_ONCE,
        python=Python(f"initiate: invalid_client; {NO_ID}", 0, "has no such setting (21)", pushes=0),
        rust=Rust(APPROVED, 1, options=SECRET),
    ),
]

JSON = [*OUTCOMES, *CANCELS, *PACE_AND_FAULTS, *TOTP, *NEWEST_SERVER]


def at_oauth(scenario: Scenario) -> Scenario:
    """The same calls at the routes of the standard, which have to come to the same."""
    rust = replace(scenario.rust, options=(*SECRET, *scenario.rust.options))
    if scenario.name == "TOTP right, no workspace_id":
        # The administrators' route, which a client of the standard takes, does without.
        rust = replace(rust, says=VERIFIED)
    return replace(scenario, flow=Flow.OAUTH, python=None, rust=rust)


SCENARIOS = [*JSON, *(at_oauth(it) for it in JSON if it.flow is Flow.WORKSPACE)]
