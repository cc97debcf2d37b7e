"""The configuration of tests that ask the real domain controller."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from bot.directory.active_directory import ActiveDirectory, Times
from bot.domain.forest import Controller, Forest
from bot.domain.model import Role
from tests.directory import contents
from tests.directory.samba import Domain

FOREST = Forest(
    controllers=(),
    base=contents.BASE,
    groups={role: (role.value,) for role in Role},
    account=contents.address(contents.BOT),
    password=contents.PASSWORD,
    group_base=contents.BASE,
)

PATIENT = Times(silence_s=10.0, question_s=30.0, reading_silence_s=10.0, reading_s=60.0)
"""Where it is not the time that is looked at, a busy machine may take its own."""


def forest_of(domain: Domain, **changed: Any) -> Forest:
    return replace(FOREST, **{"controllers": (Controller(domain.address),), "ca_file": domain.ca_file, **changed})


def at(*ports: int) -> tuple[Controller, ...]:
    return tuple(Controller("127.0.0.1", port) for port in ports)


@asynccontextmanager
async def asking(forest: Forest, *, times: Times = PATIENT, **more: Any) -> AsyncIterator[ActiveDirectory]:
    directory = ActiveDirectory(forest, times=times, **more)
    try:
        yield directory
    finally:
        directory.close()
