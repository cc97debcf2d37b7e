"""Servers to be measured, each in a process of its own that ends with this one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.subjects.control import BACK

ROOT = Path(__file__).parents[2]

# Compiled once, as wherever it is installed: else its every start would be one of a fresh checkout.
_ENVIRON = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process has used: CPU in seconds, system time included, and its resident memory in bytes."""

    cpu_s: float
    memory: int


@dataclass(frozen=True, slots=True)
class Server:
    """A subject that listens on 127.0.0.1."""

    process: subprocess.Popen[str]
    port: int

    def put_back(self) -> None:
        """The subject lets its run wait again."""
        self.usage(BACK)

    def usage(self, word: str = "usage") -> Usage:
        """What it has used once it has done what this word tells it, if anything."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()
        return Usage(**_line(self.process))


@contextmanager
def served(subject: str, **options: object) -> Iterator[Server]:
    """The subject of this name, listening; `options` are what its module takes."""
    argv = [sys.executable, "-m", f"tests.bench.subjects.{subject}", json.dumps(options)]
    process = subprocess.Popen(argv, cwd=ROOT, env=_ENVIRON, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield Server(process, _line(process)["port"])
    finally:
        process.communicate()


def _line(process: subprocess.Popen[str]) -> dict:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"the subject ended: {process.args}")
    return json.loads(line)
