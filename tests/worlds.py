"""Believable contents of a pool, made from a seed: the same seed always gives the same objects and recordings."""

from __future__ import annotations

import io
import random
import uuid
import wave
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from types import MappingProxyType

from bot.domain.groups.groups import Audio, Inventory, Kind, Ref, RgsObject, ServiceSettings, Value

POOL_A = "pool-a.contoso.com"
POOL_B = "pool-b.contoso.com"
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
PLACES = ("Ward", "Reception", "Pharmacy", "Billing", "Help Desk", "Radiology", "Facilities", "Porters", "Night Desk")
SURNAMES = ("okafor", "lindqvist", "moreau", "tanaka", "novak", "silva", "haddad", "schäfer", "o'brien", "petrov")


@dataclass(frozen=True, slots=True)
class Sample:
    """An inventory, and the bytes of its recordings by SHA-256."""

    inventory: Inventory
    blobs: Mapping[str, bytes]


def sample(
    seed: int = 1,
    *,
    pool: str = POOL_A,
    owner: str | None = None,
    workflows: int = 6,
    queues: int = 6,
    groups: int = 8,
    hours: int = 3,
    holidays: int = 3,
    music: bool = True,
) -> Sample:
    """Hunt groups and IVR menus, queues that overflow into one another, formal and informal groups, settings, audio.

    Every other workflow is an IVR with two levels of questions. Names differ between seeds.
    """
    return _Maker(seed, pool, owner or pool).made(workflows, queues, groups, hours, holidays, music)


def wav(seed: int) -> bytes:
    """A short recording, 8 kHz mono, unlike that of every other seed."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(random.Random(seed).randbytes(400))
    return out.getvalue()


class _Maker:
    def __init__(self, seed: int, pool: str, owner: str) -> None:
        self.seed, self.pool, self.owner = seed, pool, owner
        self.dice = random.Random(seed)
        self.audio: dict[str, str] = {}
        self.blobs: dict[str, bytes] = {}

    def made(self, workflows: int, queues: int, groups: int, hours: int, holidays: int, music: bool) -> Sample:
        made_hours = [self.hours(index) for index in range(hours)]
        made_holidays = [self.holidays(index) for index in range(holidays)]
        made_groups = [self.group(index) for index in range(groups)]
        identities = [self.ref() for _ in range(queues)]
        made_queues = [self.queue(index, identities, made_groups) for index in range(queues)]
        made_workflows = [
            self.workflow(index, made_queues, made_hours, made_holidays) for index in range(workflows if queues else 0)
        ]
        default = self.recording("house-music.wav") if music else None
        inventory = Inventory(
            (*made_workflows, *made_queues, *made_groups, *made_hours, *made_holidays),
            ServiceSettings(90, default, False),
            MappingProxyType(self.audio),
        )
        return Sample(inventory, MappingProxyType(self.blobs))

    def guid(self) -> str:
        return str(uuid.UUID(int=self.dice.getrandbits(128), version=4))

    def ref(self) -> Ref:
        return Ref(self.pool, self.guid())

    def name(self, what: str, index: int) -> str:
        return f"{self.dice.choice(PLACES)} {what} {self.seed}-{index}"

    def thing(self, kind: Kind, name: str, properties: dict[str, Value], identity: Ref | None = None) -> RgsObject:
        return RgsObject(kind, identity or self.ref(), name, self.owner, MappingProxyType(properties))

    def recording(self, original: str) -> Audio:
        data = wav(self.dice.getrandbits(64))
        digest = sha256(data).hexdigest()
        audio = Audio(self.guid(), original)
        self.audio[audio.unique_name] = digest
        self.blobs[digest] = data
        return audio

    def prompt(self, text: str, original: str = "") -> dict[str, Value]:
        return {"TextToSpeechPrompt": text, "AudioFilePrompt": self.recording(original) if original else None}

    def action(self, action: str, **parts: Value) -> dict[str, Value]:
        empty = {"Prompt": None, "Question": None, "QueueID": None, "Uri": None}
        return {"Action": action, **empty, **parts}

    def number(self) -> str:
        return f"+4930{self.dice.randrange(10**6, 10**7)}"

    def hours(self, index: int) -> RgsObject:
        properties: dict[str, Value] = {"Description": None, "Custom": index % 2 == 1}
        for day in DAYS:
            for turn, (start, end) in enumerate((("PT8H", "PT12H"), ("PT13H30M", "PT17H")), start=1):
                is_open = day not in DAYS[5:] or index % 3 == 0
                span = {"Name": f"{day} {turn}", "OpenTime": start, "CloseTime": end}
                properties[f"{day}Hours{turn}"] = span if is_open else None
        return self.thing(Kind.HOURS_OF_BUSINESS, self.name("Hours", index), properties)

    def holidays(self, index: int) -> RgsObject:
        days = tuple(
            {"Name": f"Holiday {day}", "StartDate": f"2026-12-{day}T00:00:00", "EndDate": f"2026-12-{day + 1}T00:00:00"}
            for day in range(24, 26 + index % 3)
        )
        return self.thing(Kind.HOLIDAY_SET, self.name("Holidays", index), {"HolidayList": days})

    def group(self, index: int) -> RgsObject:
        agents = [f"sip:{name}{index}@contoso.com" for name in self.dice.sample(SURNAMES, 4)]
        by_list = index % 4 == 3
        return self.thing(
            Kind.AGENT_GROUP,
            self.name("Agents", index),
            {
                "Description": f"People of group {index} & friends",
                "ParticipationPolicy": "Formal" if index % 2 else "Informal",
                "RoutingMethod": self.dice.choice(("Parallel", "LongestIdle", "RoundRobin", "Serial", "Attendant")),
                "AgentAlertTime": self.dice.randrange(10, 180),
                "AgentsByUri": () if by_list else tuple(agents),
                "DistributionGroupAddress": f"team{index}@contoso.com" if by_list else None,
            },
        )

    def queue(self, index: int, identities: list[Ref], groups: list[RgsObject]) -> RgsObject:
        overflow = self.action("TransferToQueue", QueueID=identities[index - 1])
        if index % 3 == 0:
            overflow = self.action("Terminate", Prompt=self.prompt("All lines are busy.", "busy.wav"))
        chosen = self.dice.sample(groups, min(len(groups), 2 + index % 2))
        return self.thing(
            Kind.QUEUE,
            self.name("Queue", index),
            {
                "Description": None if index % 2 else f"Queue number {index}",
                "AgentGroupIDList": tuple(group.identity for group in chosen),
                "OverflowThreshold": self.dice.randrange(1, 50) if index % 3 else None,
                "OverflowCandidate": self.dice.choice(("NewestCall", "OldestCall")),
                "OverflowAction": overflow,
                "TimeoutThreshold": self.dice.randrange(10, 600),
                "TimeoutAction": self.action("TransferToVoiceMailUri", Uri=f"sip:mailbox{index}@contoso.com"),
            },
            identities[index],
        )

    def workflow(
        self, index: int, queues: list[RgsObject], hours: list[RgsObject], holidays: list[RgsObject]
    ) -> RgsObject:
        queue = queues[index % len(queues)]
        welcome = self.prompt("Welcome.", "welcome.wav" if index % 4 == 0 else "")
        default = self.action("TransferToQueue", Prompt=welcome, QueueID=queue.identity)
        if index % 2:
            default = self.action("TransferToQuestion", Prompt=welcome, Question=self.question(queues, levels=2))
        number = self.number()
        return self.thing(
            Kind.WORKFLOW,
            self.name("Line", index),
            {
                "Description": f"Line {index} of seed {self.seed}",
                "Active": True,
                "Anonymous": index % 5 == 0,
                "EnabledForFederation": index % 2 == 0,
                "PrimaryUri": f"sip:line{self.seed}-{index}@contoso.com",
                "LineUri": f"tel:{number}",
                "DisplayNumber": f"{number[:3]} ({number[3:5]}) {number[5:]}",
                "Language": "en-US",
                "TimeZone": "W. Europe Standard Time",
                "BusinessHoursID": hours[index % len(hours)].identity if hours else None,
                "HolidaySetIDList": tuple(item.identity for item in self.dice.sample(holidays, min(2, len(holidays)))),
                "DefaultAction": default,
                "NonBusinessHoursAction": self.action("TransferToPSTN", Uri=f"sip:{self.number()}@contoso.com"),
                "HolidayAction": self.action("Terminate", Prompt=self.prompt("We are closed today.")),
                "CustomMusicOnHoldFile": self.recording("hold.wma") if index % 3 == 0 else None,
                "Managed": index % 7 == 6,
                "ManagersByUri": ("sip:manager@contoso.com",) if index % 7 == 6 else (),
            },
        )

    def question(self, queues: list[RgsObject], levels: int) -> dict[str, Value]:
        def answer(digit: int) -> dict[str, Value]:
            action = self.action("TransferToQueue", QueueID=self.dice.choice(queues).identity)
            if levels > 1 and digit == 2:
                action = self.action("TransferToQuestion", Question=self.question(queues, levels - 1))
            return {
                "Name": f"Answer {digit}",
                "DtmfResponse": str(digit),
                "VoiceResponseList": (f"option {digit}", f"number {digit}"),
                "Action": action,
            }

        return {
            "Name": f"Question {levels}",
            "Prompt": self.prompt(f"Level {levels}: press 1 or 2.", "menu.wav" if levels == 2 else ""),
            "AnswerList": (answer(1), answer(2)),
            "InvalidAnswerPrompt": self.prompt("That is not an option."),
            "NoAnswerPrompt": self.prompt("We did not hear you."),
        }
