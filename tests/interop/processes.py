"""The processes that a run started, so that it can end these and no others."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

_alive: set[subprocess.Popen[str]] = set()
_lock = threading.Lock()


@contextmanager
def running(command: Sequence[str]) -> Iterator[subprocess.Popen[str]]:
    """Runs a program that writes text; leaving the context ends it."""
    with _lock:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        _alive.add(process)
    try:
        with process:
            try:
                yield process
            finally:
                process.kill()
    finally:
        with _lock:
            _alive.discard(process)


def kill_all() -> None:
    with _lock:
        for process in _alive:
            process.kill()
