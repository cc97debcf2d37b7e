"""How a companion is put back: the exact commands, filled in for a pool and a kept copy (facts: lync §6, §5.10)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from bot.domain.companions.kinds import CompanionCopy
from bot.domain.deployment.cmdlets import quoted
from bot.domain.groups.groups import Row, service
from bot.domain.model import Pool

FILES_SHOWN = 20
_SETTINGS = ("CallPickupTimeoutThreshold", "EnableMusicOnHold", "MaxCallPickupAttempts", "OnTimeoutURI")
_Commands = Callable[[Pool, CompanionCopy | None], Iterable[str]]


def commands(kind: str, pool: Pool, kept: CompanionCopy | None) -> tuple[str, ...]:
    """Line by line, for the Management Shell; without a kept copy, with a name that says what to put there."""
    return tuple(_COMMANDS[kind](pool, kept))


def folder(pool: Pool) -> str:
    """Where on the pool's server the commands expect the files of the copy."""
    return f"{pool.folder}\\companions"


def _names(kept: CompanionCopy | None, otherwise: str) -> tuple[str, ...]:
    return tuple(file.name for file in kept.files[:FILES_SHOWN]) if kept and kept.files else (otherwise,)


def _path(pool: Pool, name: str) -> str:
    return quoted("\\".join((folder(pool), name)))


def _read(pool: Pool, name: str) -> str:
    """Content as bytes, at once: read line by line, it would arrive broken."""
    return f"(Get-Content -Path {_path(pool, name)} -Encoding Byte -ReadCount 0)"


def _lis(pool: Pool, kept: CompanionCopy | None) -> Iterable[str]:
    for name in _names(kept, "lis.zip"):
        yield f"Import-CsLisConfiguration -FileName {_path(pool, name)}"
    yield "Publish-CsLisConfiguration"


def _call_park(pool: Pool, kept: CompanionCopy | None) -> Iterable[str]:
    for row in (kept.rows if kept else ()) or ({"Identity": "<identity>"},):
        given = (f" -{key} {_value(row[key])}" for key in _SETTINGS if row.get(key) is not None)
        yield f"Set-CsCpsConfiguration -Identity {quoted(str(row.get('Identity') or 'Global'))}{''.join(given)}"
    yield f"Set-CsCallParkOrbit -Identity '<orbit>' -CallParkService {quoted(str(service(pool.fqdn)))}"


def _value(value: object) -> str:
    return f"${str(value).lower()}" if isinstance(value, bool) else quoted(str(value))


def _music(pool: Pool, kept: CompanionCopy | None) -> Iterable[str]:
    for name in _names(kept, "<music>.wma"):
        target = quoted(str(service(pool.fqdn)))
        yield f"Set-CsCallParkServiceMusicOnHoldFile -Service {target} -Content {_read(pool, name)}"


def _announcements(pool: Pool, kept: CompanionCopy | None) -> Iterable[str]:
    target, identity = quoted(str(service(pool.fqdn))), quoted(f"{service(pool.fqdn)}/<GUID>")
    for name in _names(kept, "<recording>.wav"):
        last = quoted(name.rpartition("\\")[2])
        yield f"Import-CsAnnouncementFile -Parent {target} -FileName {last} -Content {_read(pool, name)}"
    yield f"New-CsAnnouncement -Identity {identity} -Name '<name>' -AudioFilePrompt '<file>'"
    where = quoted(pool.fqdn)
    yield f"Set-CsUnassignedNumber -Identity '<range>' -AnnouncementService {where} -AnnouncementName '<name>'"


def _recordings(pool: Pool, kept: CompanionCopy | None) -> Iterable[str]:
    target = quoted(str(service(pool.fqdn)))
    for name in _names(kept, "<recording>.wav"):
        yield f"$audio = Import-CsRgsAudioFile -Identity {target} -FileName {quoted(name)} -Content {_read(pool, name)}"


def _databases(*names: str) -> _Commands:
    def restore(pool: Pool, kept: CompanionCopy | None) -> Iterable[str]:
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
