"""The three sites of the demonstration in a few words: a hospital, a manufacturer, a small office."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.domain.groups.groups import Audio, ServiceSettings
from bot.domain.model import Edition

POOL_A, POOL_B, POOL_C = "pool-a.contoso.com", "pool-b.contoso.com", "pool-c.contoso.com"


Answers = Mapping[str, "str | Answers"]
"""What callers can choose: each answer leads to a desk, or to a further question with its own answers."""


@dataclass(frozen=True, slots=True)
class Department:
    """One department: an agent group, a queue, and, unless only a menu leads there, a hunt group with its number."""

    name: str
    agents: int
    routing: str = "LongestIdle"
    formal: bool = False
    hours: str = "Office Hours"
    overflow: str | None = None
    hunt: bool = True
    music: bool = False
    anonymous: bool = False


@dataclass(frozen=True, slots=True)
class Menu:
    """An interactive workflow; `spoken` takes answers by voice too, and asks by synthesis instead of a recording."""

    name: str
    question: str
    answers: Answers
    spoken: bool = False


@dataclass(frozen=True, slots=True)
class Site:
    """Everything one pool holds, in a few words."""

    fqdn: str
    city: str
    language: str
    prefix: str
    desks: tuple[Department, ...]
    menus: tuple[Menu, ...]
    settings: ServiceSettings = field(default_factory=ServiceSettings)
    edition: Edition = Edition.ENTERPRISE
    front_ends: int = 3


def recording(name: str) -> Audio:
    """An uploaded file of this name; the unique name follows from it."""
    return Audio(str(uuid.uuid5(uuid.NAMESPACE_DNS, f"contoso.com/audio/{name}")), f"{name}.wav")


BERLIN = Site(
    POOL_A,
    "Berlin",
    "de-DE",
    "+4930555",
    (
        Department("Emergency Admissions", 8, "Attendant", hours="Always Open", music=True),
        Department("Switchboard", 6, "Parallel", formal=True, hours="Always Open"),
        Department("Radiology", 5, overflow="Switchboard"),
        Department("Cardiology", 4, overflow="Switchboard"),
        Department("Pediatrics", 5, hours="Clinic Hours"),
        Department("Maternity Ward", 6, "Parallel", hours="Always Open", music=True),
        Department("Surgery Ward 3", 4, "Serial", hours="Always Open"),
        Department("Intensive Care", 5, "Parallel", hours="Always Open"),
        Department("Laboratory", 3, "RoundRobin"),
        Department("Pharmacy", 3, hours="Clinic Hours"),
        Department("Blood Bank", 2, "Serial", hours="Always Open"),
        Department("Outpatient Clinic", 5, hours="Clinic Hours", overflow="Switchboard"),
        Department("Patient Transport", 4, "RoundRobin", formal=True, hours="Always Open"),
        Department("Medical Records", 3),
        Department("Billing", 4, formal=True, overflow="Switchboard"),
        Department("Counselling", 3, anonymous=True),
        Department("Facilities", 3, "Serial"),
        Department("Kitchen Orders", 2, "Parallel", hours="Clinic Hours"),
        Department("IT First Line", 8, formal=True, hours="Always Open", overflow="IT Second Line"),
        Department("IT Second Line", 4, formal=True),
        Department("IT Clinical Systems", 3, "Serial", formal=True, hours="Always Open", hunt=False),
        Department("IT Accounts & Passwords", 3, "Parallel", hunt=False),
    ),
    (
        Menu(
            "Hospital Main Line",
            "For appointments press 1, for a ward press 2, for the emergency department press 3.",
            {
                "Appointments": {"Radiology": "Radiology", "Cardiology": "Cardiology", "Children": "Pediatrics"},
                "Wards": {
                    "Maternity": "Maternity Ward",
                    "Surgery": "Surgery Ward 3",
                    "Intensive care": "Intensive Care",
                },
                "Emergency": "Emergency Admissions",
            },
        ),
        Menu(
            "IT Help Desk",
            "For clinical systems press 1, for passwords press 2, for anything else press 3.",
            {
                "Clinical systems": "IT Clinical Systems",
                "Passwords": "IT Accounts & Passwords",
                "Anything else": {"A workplace": "IT First Line", "A project": "IT Second Line"},
            },
            spoken=True,
        ),
        Menu(
            "Patient Services",
            "For invoices press 1, for records press 2.",
            {"Invoices": "Billing", "Records": "Medical Records"},
        ),
        Menu(
            "Supply Line",
            "For the pharmacy press 1, for the laboratory press 2, for blood products press 3.",
            {"Pharmacy": "Pharmacy", "Laboratory": "Laboratory", "Blood products": "Blood Bank"},
        ),
    ),
    ServiceSettings(45, recording("berlin-default-music")),
)

MUNICH = Site(
    POOL_B,
    "Munich",
    "de-DE",
    "+4989555",
    (
        Department("Reception", 4, "Parallel", formal=True),
        Department("Order Desk", 8, formal=True, overflow="Reception", music=True),
        Department("Key Accounts", 4, "Serial", overflow="Order Desk"),
        Department("Returns", 3, "RoundRobin"),
        Department("Spare Parts", 5, overflow="Order Desk"),
        Department("Field Service", 6, "Attendant", formal=True, hours="Always Open", music=True),
        Department("Machine Hotline", 5, "Parallel", hours="Always Open"),
        Department("Warranty", 3),
        Department("Dispatch", 4, "RoundRobin", hours="Clinic Hours"),
        Department("Customs & Export", 2, "Serial"),
        Department("Purchasing", 3),
        Department("Payroll", 2, "Serial"),
        Department("Recruiting", 2),
        Department("Works Council", 2, anonymous=True),
        Department("Plant Security", 3, "Parallel", hours="Always Open"),
        Department("Quality", 3, "RoundRobin"),
        Department("Accounts Payable", 3, formal=True),
        Department("Accounts Receivable", 3, formal=True, overflow="Accounts Payable"),
        Department("Training Centre", 2, hunt=False),
    ),
    (
        Menu(
            "Customer Care",
            "For orders press 1, for service press 2, for invoices press 3.",
            {
                "Orders": {"New": "Order Desk", "Parts": "Spare Parts", "Returns": "Returns"},
                "Service": {"A machine stands still": "Machine Hotline", "A visit": "Field Service"},
                "Invoices": "Accounts Receivable",
            },
        ),
        Menu(
            "Human Resources Line",
            "For payroll press 1, for applications press 2, for courses press 3.",
            {"Payroll": "Payroll", "Applications": "Recruiting", "Courses": "Training Centre"},
            spoken=True,
        ),
        Menu(
            "Supplier Line",
            "For purchasing press 1, for deliveries press 2, for invoices press 3.",
            {"Purchasing": "Purchasing", "Deliveries": "Dispatch", "Invoices": "Accounts Payable"},
        ),
    ),
)

VIENNA = Site(
    POOL_C,
    "Vienna",
    "de-DE",
    "+431555",
    (
        Department("Front Desk", 3, "Parallel"),
        Department("Sales", 4, overflow="Front Desk"),
        Department("Support", 3, formal=True),
    ),
    (Menu("Main Line", "For sales press 1, for support press 2.", {"Sales": "Sales", "Support": "Support"}),),
    edition=Edition.STANDARD,
    front_ends=1,
)
