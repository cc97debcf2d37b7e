"""The zip that `Export-CsRgsConfiguration` writes, read and written (facts: lync §4)."""

from __future__ import annotations

import re
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO
from itertools import islice
from pathlib import Path
from types import MappingProxyType

from bot.domain.errors import BadInput, Damaged
from bot.domain.groups.audit import pointing_at
from bot.domain.groups.difference import titled
from bot.domain.groups.groups import Audio, Inventory, Kind, RgsObject, ServiceSettings, Value
from bot.exports import clixml
from bot.exports.clixml_write import write
from bot.exports.source import opened
from bot.exports.whole import SETTINGS, flattened

FOLDER = "RgsImportExport"
SETTINGS_FILE = f"{FOLDER}/ServiceSettings.xml"
"""Where we write the application-level settings. The server's own name for it is unknown: any CliXml file will do."""

_TYPES = {
    Kind.WORKFLOW: "Workflow",
    Kind.QUEUE: "Queue",
    Kind.AGENT_GROUP: "AgentGroup",
    Kind.HOURS_OF_BUSINESS: "BusinessHours",
    Kind.HOLIDAY_SET: "HolidaySet",
}
_PARTS = {f"{FOLDER}/{kind.stem}.xml".casefold(): kind for kind in Kind}
_INSTANCES = f"{FOLDER}/RGS/Instances"
_SAFE_NAME = re.compile(r"(?!\.+$)[\w.{}() -]{1,200}")
_CANNOT = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError)
_UNPRINTABLE = "\N{REPLACEMENT CHARACTER}"
_CHUNK = 256 * 1024
_SMALL = 1024 * 1024
_NAMED = 3
_DEEPER = (tuple, Audio, dict, MappingProxyType)


@dataclass(frozen=True, slots=True)
class Limits:
    """What an archive may hold at most: members, bytes in one, bytes in all, and how far one may unfold.

    What its objects may hold is an `Allowance` of its own.
    """

    members: int = 50_000
    member: int = 96 * 1024 * 1024
    total: int = 1024 * 1024 * 1024
    ratio: int = 250


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Contents:
    """What an export holds; `sizes` are the bytes of its recordings by unique name."""

    inventory: Inventory
    sizes: Mapping[str, int]


def read_contents(source: bytes | Path, limits: Limits = LIMITS) -> Contents:
    """Everything in an export; every member's bytes are checked. Raises Damaged naming the part."""
    with _opened(source, limits) as archive:
        survey = _surveyed(archive)
        audio = {unique: _digest(archive, info) for unique, info in survey.audio.items()}
        for info in survey.unread:
            _digest(archive, info)
    others = tuple(sorted(_path(info) for info in survey.unread))
    inventory = Inventory(survey.objects, survey.settings, MappingProxyType(audio), others)
    return Contents(inventory, {unique: info.file_size for unique, info in survey.audio.items()})


def read_inventory(source: bytes | Path, limits: Limits = LIMITS) -> Inventory:
    return read_contents(source, limits).inventory


def read_audio(source: bytes | Path, limits: Limits = LIMITS) -> Iterator[tuple[str, bytes]]:
    """Every recording that an object or the settings refer to, one at a time: unique name and bytes."""
    with _opened(source, limits) as archive:
        for unique, info in _surveyed(archive).audio.items():
            yield unique, b"".join(_chunks(archive, info))


def write_export(inventory: Inventory, audio: Callable[[str], bytes], at: float) -> bytes:
    """The zip for an inventory; equal arguments make equal bytes.

    `audio` gives the bytes for a SHA-256, `at` is the time in the archive, in seconds since the epoch. Raises BadInput
    for a recording whose name cannot be a file name.
    """
    out = BytesIO()
    stamp = max(time.gmtime(at)[:6], (1980, 1, 1, 0, 0, 0))
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in _members(inventory, audio):
            archive.writestr(zipfile.ZipInfo(path, stamp), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def file_names(recording: Audio) -> tuple[str, ...]:
    """The names under which its bytes may lie, the likeliest first; none that could leave a folder."""
    _, dot, extension = recording.original_name.rpartition(".")
    names = (recording.unique_name + dot + extension, recording.unique_name + ".wav", recording.unique_name)
    return tuple(dict.fromkeys(name for name in names if recording.unique_name and _SAFE_NAME.fullmatch(name)))


def _members(inventory: Inventory, audio: Callable[[str], bytes]) -> Iterator[tuple[str, bytes]]:
    for kind in Kind:
        yield f"{FOLDER}/{kind.stem}.xml", write(_TYPES[kind], (item.row() for item in inventory.of(kind)))
    if inventory.settings is not None:
        yield SETTINGS_FILE, write(SETTINGS, [inventory.settings.row()])
    written: set[str] = set()
    for place, recording in _recordings(inventory.objects, inventory.settings):
        digest = inventory.audio.get(recording.unique_name)
        if digest is None or recording.unique_name in written:
            continue
        written.add(recording.unique_name)
        names = file_names(recording)
        if not names:
            raise BadInput(f"A recording is stored as “{recording.unique_name[:80]}”, which cannot be a file name.")
        yield f"{_INSTANCES}/{place}/{names[0]}", audio(digest)


def _recordings(objects: tuple[RgsObject, ...], settings: ServiceSettings | None) -> Iterator[tuple[str, Audio]]:
    """Each recording with the folder of the object that uses it."""
    for item in objects:
        for recording in _recordings_in(item.properties):
            yield item.guid, recording
    if settings is not None and settings.default_music is not None:
        yield SETTINGS, settings.default_music


def _recordings_in(value: Value) -> list[Audio]:
    if isinstance(value, Audio):
        return [value]
    below = value if isinstance(value, tuple) else value.values() if isinstance(value, Mapping) else ()
    return [audio for item in below if isinstance(item, _DEEPER) for audio in _recordings_in(item)]


@dataclass(slots=True)
class _Survey:
    """What a first look found. `unread` are members that nothing refers to."""

    objects: tuple[RgsObject, ...] = ()
    settings: ServiceSettings | None = None
    audio: dict[str, zipfile.ZipInfo] = field(default_factory=dict)
    unread: list[zipfile.ZipInfo] = field(default_factory=list)


@contextmanager
def _opened(source: bytes | Path, limits: Limits) -> Iterator[zipfile.ZipFile]:
    with opened(source) as file:
        try:
            archive = zipfile.ZipFile(file)
        except _CANNOT as error:
            raise Damaged(
                "The file is not a zip archive, or it is cut short: its table of contents is missing."
            ) from error
        with archive:
            _admitted(archive.infolist(), limits)
            yield archive


def _admitted(members: list[zipfile.ZipInfo], limits: Limits) -> None:
    """Raises Damaged unless the table of contents alone shows an archive that is safe to read."""
    if len(members) > limits.members:
        raise Damaged(f"The archive has {len(members):,} members; an export has at most {limits.members:,}.")
    seen: set[str] = set()
    for info in members:
        shown = _shown(info.orig_filename)
        for is_wrong, sentence in _FAULTS:
            if is_wrong(info, limits):
                raise Damaged(sentence.format(part=shown))
        path = _path(info).casefold()
        if path in seen:
            raise Damaged(f"The member {shown} is in the archive twice.")
        seen.add(path)
    if sum(info.file_size for info in members) > limits.total:
        raise Damaged(f"The archive unfolds to more than {limits.total // 1024**2} MiB: it may be a zip bomb.")


def _leaves(info: zipfile.ZipInfo) -> bool:
    name = info.orig_filename.replace("\\", "/")
    return name.startswith("/") or ".." in name.split("/") or bool(re.match("[A-Za-z]:", name)) or "\0" in name


_FAULTS: tuple[tuple[Callable[[zipfile.ZipInfo, Limits], bool], str], ...] = (
    (lambda info, _: _leaves(info), "The member {part} has a path that leaves the archive."),
    (lambda info, _: bool(info.flag_bits & 0x2041), "The member {part} is encrypted."),
    (
        lambda info, _: info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED),
        "The member {part} is compressed in a way that no export uses.",
    ),
    (
        lambda info, limits: info.file_size > limits.member,
        "The member {part} is too large for an export: it may be a zip bomb.",
    ),
    (
        lambda info, limits: info.file_size > max(_SMALL, info.compress_size * limits.ratio),
        "The member {part} unfolds too far: it may be a zip bomb.",
    ),
)


def _shown(name: str) -> str:
    return f"“{_plain(name)}”"


def _plain(name: str) -> str:
    """A stranger's name for a member, so that it steers nothing where it is read."""
    return "".join(letter if letter.isprintable() else _UNPRINTABLE for letter in name[:120])


def _path(info: zipfile.ZipInfo) -> str:
    return "/".join(step for step in info.orig_filename.replace("\\", "/").split("/") if step not in ("", "."))


def _surveyed(archive: zipfile.ZipFile) -> _Survey:
    members = {_path(info): info for info in archive.infolist() if info.orig_filename[-1:] not in ("/", "\\")}
    parts = {_PARTS[path.casefold()]: (path, info) for path, info in members.items() if path.casefold() in _PARTS}
    if not parts:
        raise Damaged(f"The archive holds none of the files of an export, such as {FOLDER}/Queues.xml.")
    left = clixml.Allowance()
    objects: list[RgsObject] = []
    settings: list[ServiceSettings] = []
    for kind in (kind for kind in Kind if kind in parts):
        path, info = parts[kind]
        del members[path]
        for thing in clixml.things(_chunks(archive, info), path, left):
            if thing.type == SETTINGS:
                settings.append(_settings(thing, path))
            else:
                objects.append(_object(kind, thing, path))
    _complete(objects, parts)
    for path, info in list(members.items()):
        found = _settings_in(archive, info, path, left)
        if found:
            settings += found
            del members[path]
    if len(settings) > 1:
        raise Damaged("The archive holds more than one set of application-level settings.")
    survey = _Survey(tuple(objects), settings[0] if settings else None)
    survey.audio = _found_audio(survey, members)
    used = {id(info) for info in survey.audio.values()}
    survey.unread = [info for info in members.values() if id(info) not in used]
    return survey


def _complete(objects: list[RgsObject], parts: Mapping[Kind, object]) -> None:
    """A file is left out for a kind of which the pool has nothing; then nothing refers to such an object either."""
    for kind in Kind:
        item = None if kind in parts else pointing_at(kind, objects)
        if item is not None:
            part, title = f"{FOLDER}/{kind.stem}.xml", titled(item.kind, item.name)
            raise Damaged(f"{part} is not in the archive, though {title} refers to what should be in it.")


def _object(kind: Kind, thing: clixml.Thing, path: str) -> RgsObject:
    if not isinstance(thing.value, Mapping) or thing.type in set(_TYPES.values()) - {_TYPES[kind]}:
        raise Damaged(f"{path} holds something that is not a {kind.singular}: {thing.type[:80] or 'a bare value'}.")
    try:
        item = RgsObject.from_row(kind, thing.value)
    except BadInput as error:
        raise Damaged(f"{path}: {error}") from error
    _whole(kind, item.properties, path, item.name)
    return item


def _settings(thing: clixml.Thing, path: str) -> ServiceSettings:
    if not isinstance(thing.value, Mapping):
        raise Damaged(f"{path} holds application-level settings that cannot be read.")
    _whole(None, thing.value, path)
    return ServiceSettings.from_row(thing.value)


def _whole(kind: Kind | None, properties: Mapping[str, Value], path: str, name: str = "") -> None:
    if lost := ", ".join(islice(flattened(kind or SETTINGS, properties), _NAMED)):
        where = f"{path}: {titled(kind, name)}, property {lost}"
        raise Damaged(f"{where}: written with too small a depth, so only words are left of it.")


def _settings_in(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: str, left: clixml.Allowance
) -> list[ServiceSettings]:
    """The application-level settings in a file of unknown name; other files are left alone."""
    if not path.casefold().endswith(".xml") or not _mentions(_chunks(archive, info), SETTINGS):
        return []
    found = clixml.things(_chunks(archive, info), _plain(path), left)
    return [_settings(thing, _plain(path)) for thing in found if thing.type == SETTINGS]


def _mentions(chunks: Iterator[bytes], word: str) -> bool:
    """Whether the word is in it, as any of the encodings that are read writes it."""
    wanted = [word.encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-16-be")]
    before = b""
    for chunk in chunks:
        here = before + chunk
        if any(one in here for one in wanted):
            return True
        before = here[-2 * len(word) :]
    return False


def _found_audio(survey: _Survey, members: Mapping[str, zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    by_name: dict[str, dict[str, zipfile.ZipInfo]] = {}
    for path, info in members.items():
        folder, _, name = path.casefold().rpartition("/")
        if folder.startswith(f"{FOLDER}/rgs".casefold()):
            by_name.setdefault(name, {})[folder] = info
    found: dict[str, zipfile.ZipInfo] = {}
    for _, recording in _recordings(survey.objects, survey.settings):
        for name in file_names(recording):
            places = by_name.get(name.casefold(), {})
            if len({(info.CRC, info.file_size) for info in places.values()}) > 1:
                raise Damaged(f"Two different recordings are called {name} in the archive.")
            if places:
                found.setdefault(recording.unique_name, next(iter(places.values())))
                break
    return found


def _digest(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> str:
    digest = sha256()
    for chunk in _chunks(archive, info):
        digest.update(chunk)
    return digest.hexdigest()


def _chunks(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    """The bytes of a member, CRC checked at the end. Raises Damaged naming it."""
    left = info.file_size
    try:
        with archive.open(info) as stream:
            while chunk := stream.read(_CHUNK):
                left -= len(chunk)
                yield chunk
    except _CANNOT as error:
        raise Damaged(f"The member {_shown(_path(info))} is damaged: {error}.") from error
    if left:
        raise Damaged(f"The member {_shown(_path(info))} is shorter than the archive says.")
