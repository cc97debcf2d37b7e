"""Exports as pools give them: mostly audio that stays, XML that changes with every edit, new time stamps each day."""

from __future__ import annotations

import hashlib
import random
import zipfile
from collections.abc import Iterator, Mapping
from io import BytesIO

from bot.domain.backups.backup import Backup
from bot.exports.export_zip import write_export
from tests.worlds import sample

AT = 1_795_000_000.0
DAY_S = 86_400.0


def days(count: int, recordings: int, recording_bytes: int, changed: float) -> Iterator[bytes]:
    """An export for each day: that share of the recordings and of the objects changes from one day to the next."""
    chance = random.Random(30)
    made = sample(30, workflows=200, queues=200, groups=400)
    audio = {f"{number:04}.wav": chance.randbytes(recording_bytes) for number in range(recordings)}
    for day in range(count):
        for name in chance.sample(sorted(audio), round(changed * recordings)):
            audio[name] = chance.randbytes(recording_bytes)
        edited = sample(30 + day, workflows=round(changed * 200) or 1, queues=2, groups=4)
        objects = (*made.inventory.objects, *edited.inventory.objects)
        blobs = {**made.blobs, **edited.blobs}
        inventory = type(made.inventory)(
            objects, made.inventory.settings, {**made.inventory.audio, **edited.inventory.audio}
        )
        yield _with(write_export(inventory, blobs.__getitem__, AT + day * DAY_S), audio, day)


def backup_of(data: bytes, number: int, pool: str = "pool-a.contoso.com") -> Backup:
    """A backup of these bytes, the `number`th of its pool, a day apart."""
    id = f"backup-{pool}-{number:06}"
    return Backup(
        id, pool, pool, AT + number * DAY_S, hashlib.sha256(data).hexdigest(), len(data), {"Workflow": 9}, "", id
    )


def large(size: int, seed: int = 4) -> bytes:
    """One export of about `size` bytes, nearly all of it audio that nothing else holds."""
    chance = random.Random(seed)
    audio = {f"{number:04}.wav": chance.randbytes(1_000_000) for number in range(size // 1_000_000)}
    made = sample(4)
    return _with(write_export(made.inventory, made.blobs.__getitem__, AT), audio, 0)


def _with(export: bytes, audio: Mapping[str, bytes], day: int) -> bytes:
    """The export with these recordings, which do not shrink, in it as well."""
    out = BytesIO(export)
    stamp = (2026, 11, 1 + day % 28, 2, 30, 0)
    with zipfile.ZipFile(out, "a") as archive:
        for name, data in audio.items():
            archive.writestr(zipfile.ZipInfo(f"RgsImportExport/RGS/Instances/{name}", stamp), data)
    return out.getvalue()
