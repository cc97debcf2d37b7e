"""How a companion is put back: the exact commands, filled in for a pool and a kept copy (facts: lync §6, §5.10)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from bot.domain.companions.kinds import CompanionCopy
from bot.domain.deployment.cmdlets import quoted
from bot.domain.groups.groups import Row
from bot.domain.model import Pool

FILES_SHOWN = 20
_SETTINGS = ("CallPickupTimeoutThreshold", "EnableMusicOnHold", "MaxCallPickupAttempts", "OnTimeoutURI")
_Commands = Callable[[Pool, Pool, CompanionCopy | None], Iterable[str]]
"""Of the pool on which it is put back, the pool whose it is, and the copy."""


def commands(kind: str, on: Pool, kept: CompanionCopy | None, *, of: Pool) -> tuple[str, ...]:
    """Line by line, for the Management Shell: they put what `of` had on the pool `on`, which serves now.

    Without a kept copy, they hold a name that says what to put there.
    """
    return tuple(_COMMANDS[kind](on, of, kept))


def folder(on: Pool) -> str:
    """Where on that pool's server the commands expect the files of the copy."""
    return f"{on.folder}\\companions"


def place(on: Pool, kept: CompanionCopy | None) -> str:
    """Where the files of the copy have to be before the commands can run, as a sentence; empty for no files."""
    if not (kept and kept.files):
        return ""
    return f"First put the files into {folder(on)} on the Front End Server of {on.short} on which you run them."


def _names(kept: CompanionCopy | None, otherwise: str) -> tuple[str, ...]:
    return tuple(file.name for file in kept.files[:FILES_SHOWN]) if kept and kept.files else (otherwise,)


def _service(pool: Pool) -> str:
    return quoted(f"service:ApplicationServer:{pool.fqdn}")


def _path(pool: Pool, name: str) -> str:
    return quoted("\\".join((folder(pool), name)))


def _read(pool: Pool, name: str) -> str:
    """Content as bytes, at once: read line by line, it would arrive broken."""
    return f"(Get-Content -Path {_path(pool, name)} -Encoding Byte -ReadCount 0)"


def _lis(on: Pool, of: Pool, kept: CompanionCopy | None) -> Iterable[str]:
    for name in _names(kept, "lis.zip"):
        yield f"Import-CsLisConfiguration -FileName {_path(on, name)}"
    yield "Publish-CsLisConfiguration"


def _call_park(on: Pool, of: Pool, kept: CompanionCopy | None) -> Iterable[str]:
    for row in (kept.rows if kept else ()) or ({"Identity": "<identity>"},):
        given = (f" -{key} {_value(row[key])}" for key in _SETTINGS if row.get(key) is not None)
        yield f"Set-CsCpsConfiguration -Identity {quoted(str(row.get('Identity') or 'Global'))}{''.join(given)}"
    yield f"Set-CsCallParkOrbit -Identity '<orbit>' -CallParkService {_service(on)}"


def _value(value: object) -> str:
    return f"${str(value).lower()}" if isinstance(value, bool) else quoted(str(value))


def _music(on: Pool, of: Pool, kept: CompanionCopy | None) -> Iterable[str]:
    for name in _names(kept, "<music>.wma"):
        yield f"Set-CsCallParkServiceMusicOnHoldFile -Service {_service(on)} -Content {_read(on, name)}"


def _announcements(on: Pool, of: Pool, kept: CompanionCopy | None) -> Iterable[str]:
    """At home under the old Identity, to which ranges still lead; elsewhere under a new one (facts: recovery §10)."""
    for name in _names(kept, "<recording>.wav"):
        last = quoted(name.rpartition("\\")[2])
        yield f"Import-CsAnnouncementFile -Parent {_service(on)} -FileName {last} -Content {_read(on, name)}"
    old = quoted(f"service:ApplicationServer:{on.fqdn}/<GUID>")
    whose = f"-Identity {old}" if on == of else f"-Parent {_service(on)}"
    yield f"New-CsAnnouncement {whose} -Name '<name>' -AudioFilePrompt '<file>'"
    where = quoted(on.fqdn)
    yield f"Set-CsUnassignedNumber -Identity '<range>' -AnnouncementService {where} -AnnouncementName '<name>'"


def _recordings(on: Pool, of: Pool, kept: CompanionCopy | None) -> Iterable[str]:
    for name in _names(kept, "<recording>.wav"):
        given = f"-Identity {_service(on)} -FileName {quoted(name)} -Content {_read(on, name)}"
        yield f"$audio = Import-CsRgsAudioFile {given}"


def _databases(*names: str) -> _Commands:
    def restore(on: Pool, of: Pool, kept: CompanionCopy | None) -> Iterable[str]:
        return (f"RESTORE DATABASE [{name}] FROM DISK = N'<backup file>' WITH RECOVERY" for name in names)

    return restore


_COMMANDS: Mapping[str, _Commands] = {
    "lis": _lis,
    "call-park-settings": _call_park,
    "call-park-music": _music,
    "announcements": _announcements,
    "rgs-audio": _recordings,
    "monitoring": _databases("LcsCDR", "QoEMetrics"),
    "archiving": _databases("LcsLog"),
}


def told(rows: Iterable[Row]) -> tuple[str, ...]:
    """Kept settings in words, a line for each row."""
    return tuple(
        f"{row.get('Identity', 'Global')}: " + ", ".join(f"{key} {row[key]}" for key in _SETTINGS if key in row)
        for row in rows
    )
