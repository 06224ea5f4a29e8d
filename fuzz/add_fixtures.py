"""Adds the golden answers of tests/fixtures to the corpus of the target `answer`, each with a few statuses."""

import hashlib
import pathlib
import sys

# The target's own table: a number from 0x8000 on chooses by its remainder.
USUAL = [200, 202, 400, 401, 403, 404, 408, 409, 429, 500, 502, 503, 204, 301, 308]


def header(status: int) -> bytes:
    number = next(n for n in range(0x8000, 0x8010) if n % len(USUAL) == USUAL.index(status))
    return number.to_bytes(2, "big") + b"\0"


root = pathlib.Path(__file__).resolve().parent
corpus = root / "corpus" / "answer"
corpus.mkdir(parents=True, exist_ok=True)
bodies = [path.read_bytes() for path in sorted((root.parent / "tests" / "fixtures").rglob("*.json"))]
for body in bodies:
    for status in (200, 202, 400, 401, 403, 429):
        seed = header(status) + body.strip()
        (corpus / hashlib.sha1(seed).hexdigest()).write_bytes(seed)
print(f"{len(bodies)} fixtures", file=sys.stderr)
