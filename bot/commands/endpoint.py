"""Writes a constrained endpoint for the servers of a pool into a new folder: `python -m bot endpoint`."""

from __future__ import annotations

from pathlib import Path

from bot.domain.deployment.abilities import Use
from bot.domain.errors import BadInput
from bot.drivers.winrm.constrained.files import PAGE, REGISTER, edition, written
from bot.drivers.winrm.constrained.setup import Setup
from bot.hands.asking import SURVEY
from bot.runbooks import RUNBOOKS
from bot.runbooks.uses import of_a_pool

SENT: tuple[Use, ...] = (*SURVEY, *of_a_pool(RUNBOOKS.values(), has_partner=True))
"""All that is ever sent to servers, whoever asks: an endpoint has functions for this, and for nothing else."""


def endpoint(folder: Path, setup: Setup) -> list[str]:
    """Writes every file, and says what to do with them. Raises BadInput for a folder that has something in it."""
    files = written(setup, SENT)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise BadInput(f"{folder} has something in it already. Name a new folder; nothing was written.")
        for name, data in files.items():
            (folder / name).write_bytes(data)
    except OSError as fault:
        raise BadInput(
            f"{folder} cannot be written: {fault.strerror}. Delete what lies there, and name another folder."
        ) from None
    return [
        f"{folder}: {', '.join(files)}; edition {edition(setup.version, SENT)}, for servers of {setup.version}.",
        f"Let your security officer read {PAGE}. Then copy the folder to each server and run {REGISTER} there.",
    ]
