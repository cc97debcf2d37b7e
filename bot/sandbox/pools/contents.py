"""Builds the simulated deployment of the demonstration: three pools, or an administrator's own export in the first."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from bot.domain.deployment.world import LivePool, World, audio_names, world_of
from bot.domain.groups.groups import Audio, Inventory, Kind, Ref, RgsObject, Row, Value
from bot.sandbox.pools.file_store import LOCATIONS, tone, with_file_store
from bot.sandbox.pools.sites import BERLIN, MUNICH, POOL_A, POOL_B, VIENNA, Answers, Department, Menu, Site, recording

_WEEK = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_FIRST = ("anna", "jonas", "leyla", "max", "sofia", "paul", "mila", "emre", "clara", "felix", "nora", "tom")
_LAST = ("becker", "yilmaz", "huber", "novak", "weiss", "lang", "koch", "maier", "vogel", "stein", "roth")
_DAY, _NIGHT = ("PT8H", "PT17H"), ("PT0S", "PT23H59M")
_MORNING, _AFTERNOON = ("PT7H30M", "PT12H"), ("PT13H", "PT18H")
_HOURS = {
    "Office Hours": dict.fromkeys(_WEEK[:5], (_DAY,)),
    "Clinic Hours": {**dict.fromkeys(_WEEK[:5], (_MORNING, _AFTERNOON)), "Saturday": (_MORNING,)},
    "Always Open": dict.fromkeys(_WEEK, (_NIGHT,)),
}
_HOLIDAYS = {
    "Public Holidays": (("New Year", "2027-01-01"), ("Labour Day", "2027-05-01"), ("Christmas Day", "2026-12-25")),
    "Company Holidays": (("Between the Years", "2026-12-28"), ("Summer Party", "2027-07-09")),
}


def world() -> tuple[World, Mapping[str, bytes]]:
    """The deployment before anything has happened, and its recordings by SHA-256 (hex); the same every time."""
    pools = [_pool(site) for site in (BERLIN, MUNICH, VIENNA)]
    stored = [with_file_store(pool) for pool, _ in pools]
    kept = [
        *(data for _, sounds in pools for data in sounds.values()),
        *(data for _, sounds in stored for data in sounds),
    ]
    blobs = {hashlib.sha256(data).hexdigest(): data for data in (*kept, LOCATIONS)}
    deployment = world_of([pool for pool, _ in stored], [(POOL_A, POOL_B)])
    return replace(deployment, locations=LOCATIONS), MappingProxyType(blobs)


def with_export(deployment: World, export: Inventory) -> World:
    """The deployment whose first pool holds what is in this export, as its own; the bytes of its audio are kept apart.

    Only what the exporting pool owned comes along: copies of another pool's groups would stand here without an owner.
    """
    owners = [item.owner for item in export.objects]
    owner = max(owners, key=owners.count, default=POOL_A)
    objects = [item.moved(POOL_A, POOL_A) for item in export.objects if item.owner == owner]
    emptied = deployment.pools[POOL_A].holding(())
    first = emptied.holding(objects, export.settings, export.audio)
    members = {**deployment.pools, POOL_A: first}
    return replace(world_of(members.values()), pairs=deployment.pairs, locations=deployment.locations)


def _pool(site: Site) -> tuple[LivePool, dict[str, bytes]]:
    objects = tuple(_objects(site))
    names = sorted(audio_names(objects, site.settings))
    sounds = {name: tone(name) for name in names}
    audio = {name: hashlib.sha256(data).hexdigest() for name, data in sounds.items()}
    host, _, domain = site.fqdn.partition(".")
    servers = tuple(f"{host}-fe{number}.{domain}" for number in range(1, site.front_ends + 1))
    pool = LivePool(site.fqdn, site.edition, site=site.city, front_ends=servers)
    return pool.holding(objects, site.settings, audio), {audio[name]: data for name, data in sounds.items()}


def _objects(site: Site) -> Iterator[RgsObject]:
    for name, days in _HOURS.items():
        hours = {f"{day}Hours{turn}": _opening(days, day, turn) for day in _WEEK for turn in (1, 2)}
        yield _object(site, Kind.HOURS_OF_BUSINESS, f"{site.city} {name}", Custom=False, **hours)
    for name, days in _HOLIDAYS.items():
        yield _object(site, Kind.HOLIDAY_SET, f"{site.city} {name}", HolidayList=tuple(_holiday(*day) for day in days))
    for desk in site.desks:
        yield _group(site, desk)
        yield _queue(site, desk)
    hunts = [desk for desk in site.desks if desk.hunt]
    for number, desk in enumerate(hunts, 11):
        yield _hunt(site, desk, number)
    for number, menu in enumerate(site.menus, 1):
        yield _ivr(site, menu, number)


def _group(site: Site, desk: Department) -> RgsObject:
    return _object(
        site,
        Kind.AGENT_GROUP,
        f"{desk.name} Agents",
        Description=f"{desk.name}, {site.city}",
        AgentAlertTime=20 + 5 * (desk.agents % 3),
        AgentsByUri=tuple(_agents(desk)),
        DistributionGroupAddress=None,
        ParticipationPolicy="Formal" if desk.formal else "Informal",
        RoutingMethod=desk.routing,
    )


def _queue(site: Site, desk: Department) -> RgsObject:
    overflow = (
        _call("TransferToQueue", QueueID=_ref(site, Kind.QUEUE, f"{desk.overflow} Queue")) if desk.overflow else None
    )
    mailbox = _call("TransferToVoiceMailUri", Uri=f"sip:{_slug(desk.name)}.mailbox@contoso.com")
    return _object(
        site,
        Kind.QUEUE,
        f"{desk.name} Queue",
        Description=f"Callers who wait for {desk.name}",
        AgentGroupIDList=(_ref(site, Kind.AGENT_GROUP, f"{desk.name} Agents"),),
        OverflowThreshold=2 * desk.agents if overflow else None,
        OverflowCandidate="NewestCall",
        OverflowAction=overflow,
        TimeoutThreshold=60 + 30 * (desk.agents % 4),
        TimeoutAction=mailbox,
    )


def _hunt(site: Site, desk: Department, number: int) -> RgsObject:
    greeting = _prompt(f"Welcome to {desk.name}. Somebody will be with you shortly.")
    music = recording(f"{_slug(desk.name)}-music") if desk.music else None
    action = _call("TransferToQueue", greeting, QueueID=_ref(site, Kind.QUEUE, f"{desk.name} Queue"))
    return _workflow(site, desk.name, number, desk.hours, action, music, anonymous=desk.anonymous)


def _ivr(site: Site, menu: Menu, number: int) -> RgsObject:
    question = _question(site, menu.name, menu.question, menu.answers, spoken=menu.spoken)
    action = _call("TransferToQuestion", _prompt(f"Welcome to the {menu.name}."), Question=question)
    return _workflow(site, menu.name, number, "Always Open", action, None)


def _workflow(
    site: Site, name: str, number: int, hours: str, action: Row, music: Audio | None, *, anonymous: bool = False
) -> RgsObject:
    closed = _prompt(f"{name} is closed now. Please call again during our opening hours.")
    return _object(
        site,
        Kind.WORKFLOW,
        name,
        Description=f"{name}, {site.city}",
        PrimaryUri=f"sip:{_slug(name)}@contoso.com",
        LineUri=f"tel:{site.prefix}{number:03d}",
        DisplayNumber=f"{site.prefix[:3]} {site.prefix[3:]} {number:03d}",
        Active=True,
        Anonymous=anonymous,
        EnabledForFederation=True,
        Language=site.language,
        TimeZone="W. Europe Standard Time",
        BusinessHoursID=_ref(site, Kind.HOURS_OF_BUSINESS, f"{site.city} {hours}"),
        HolidaySetIDList=tuple(_ref(site, Kind.HOLIDAY_SET, f"{site.city} {holidays}") for holidays in _HOLIDAYS),
        DefaultAction=action,
        NonBusinessHoursAction=_call("Terminate", closed),
        HolidayAction=_call("Terminate", closed),
        CustomMusicOnHoldFile=music,
        Managed=False,
        ManagersByUri=(),
    )


def _question(site: Site, name: str, text: str, answers: Answers, *, spoken: bool) -> Row:
    recorded = None if spoken else recording(f"{_slug(name)}-question")
    return {
        "Name": name,
        "Prompt": _prompt(text if spoken else None, recorded),
        "InvalidAnswerPrompt": _prompt("Sorry, that is not one of the choices."),
        "NoAnswerPrompt": _prompt("Sorry, we did not hear an answer."),
        "AnswerList": tuple(
            _answer(site, name, key, *each, spoken=spoken) for key, each in enumerate(answers.items(), 1)
        ),
    }


def _answer(site: Site, menu: str, key: int, name: str, leads: str | Answers, *, spoken: bool) -> Row:
    if isinstance(leads, str):
        action = _call("TransferToQueue", QueueID=_ref(site, Kind.QUEUE, f"{leads} Queue"))
    else:
        text = ", ".join(f"{choice}: press {number}" for number, choice in enumerate(leads, 1)) + "."
        action = _call("TransferToQuestion", Question=_question(site, f"{menu}, {name}", text, leads, spoken=spoken))
    voice = (name,) if spoken else ()
    return {"Name": name, "DtmfResponse": str(key), "VoiceResponseList": voice, "Action": action}


def _call(action: str, prompt: Row | None = None, **more: Value) -> Row:
    return {"Action": action, "Prompt": prompt, "Question": None, "QueueID": None, "Uri": None, **more}


def _prompt(text: str | None, recorded: Audio | None = None) -> Row:
    return {"TextToSpeechPrompt": text, "AudioFilePrompt": recorded}


def _opening(days: Mapping[str, tuple[tuple[str, str], ...]], day: str, turn: int) -> Row | None:
    turns = days.get(day, ())
    if turn > len(turns):
        return None
    opens, closes = turns[turn - 1]
    return {"Name": f"{day} {turn}", "OpenTime": opens, "CloseTime": closes}


def _holiday(name: str, date: str) -> Row:
    return {"Name": name, "StartDate": f"{date}T00:00:00", "EndDate": f"{date}T23:59:00"}


def _agents(desk: Department) -> Iterator[str]:
    start = hashlib.sha256(desk.name.encode()).digest()[0]
    for number in range(start, start + desk.agents):
        yield f"sip:{_FIRST[number % len(_FIRST)]}.{_LAST[number % len(_LAST)]}@contoso.com"


def _object(site: Site, kind: Kind, name: str, **properties: Value) -> RgsObject:
    return RgsObject(kind, _ref(site, kind, name), name, site.fqdn, MappingProxyType(properties))


def _ref(site: Site, kind: Kind, name: str) -> Ref:
    return Ref(site.fqdn, str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{site.fqdn}/{kind}/{name}")))


def _slug(name: str) -> str:
    return "-".join(word for word in re.split(r"\W+", name.lower()) if word)
