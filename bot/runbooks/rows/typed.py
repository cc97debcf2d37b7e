"""What people type into forms and a command then holds: fields that take nothing else."""

from __future__ import annotations

import re

from bot.domain.errors import BadInput
from bot.domain.groups.groups import checked_fqdn
from bot.domain.model import INSTANCE
from bot.domain.runs.facts import Fact
from bot.domain.runs.runbook import Field

_SECONDS = range(5, 3 * 3600 + 1)
_INTERVAL = re.compile(r"(\d{2}):([0-5]\d):([0-5]\d)", re.ASCII)


def host_field(fact: Fact[str], label: str, *, required: bool = True) -> Field:
    hint = "In full, such as sql1.contoso.com"
    return Field(fact.key, label, hint=hint, required=required, max_length=253, check=_host)


def instance_field(fact: Fact[str], label: str) -> Field:
    return Field(fact.key, label, hint="Empty: the default one", required=False, max_length=16, check=_instance)


def interval_field(fact: Fact[str], label: str) -> Field:
    """As `Set-CsBackupServiceConfiguration -SyncInterval` takes it (facts: recovery, procedure 1)."""
    return Field(fact.key, label, hint="hh:mm:ss, from 00:00:05 to 03:00:00", max_length=8, check=_interval)


def _host(text: str) -> str:
    try:
        checked_fqdn(text)
    except BadInput:
        return "has to be a full name such as sql1.contoso.com."
    return ""


def _instance(text: str) -> str:
    return "" if re.fullmatch(INSTANCE, text) else "has to be the name of an instance, such as RTC."


def _interval(text: str) -> str:
    found = _INTERVAL.fullmatch(text)
    hours, minutes, seconds = map(int, found.groups()) if found else (0, 0, 0)
    fits = hours * 3600 + minutes * 60 + seconds in _SECONDS
    return "" if fits else "has to be a time from 00:00:05 to 03:00:00, such as 00:02:00."
