"""Lines for the Management Shell that change one object by hand; what only people know, the shell itself asks for."""

from __future__ import annotations

from bot.domain.deployment.cmdlets import cmdlet, quoted
from bot.domain.groups.groups import RgsObject, service
from bot.domain.model import Pool


def changed_by_hand(item: RgsObject, on: Pool, property: str, value: str) -> str:
    """The line that gives an object which lies `on` this pool the value; Set takes an object of the same session."""
    found = cmdlet(
        f"Get-CsRgs{item.kind}",
        Identity=service(on.fqdn),
        Owner=None if item.owner == on.fqdn else service(item.owner),
        Name=item.name,
    )
    return f"$one = {found}; $one.{property} = {value}; Set-CsRgs{item.kind} -Instance $one"


def asked(what: str) -> str:
    """An argument that whoever runs the line types in when the shell asks for it."""
    return f"(Read-Host {quoted(what)})"
