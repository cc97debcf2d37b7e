"""Who may do what: roles, the rule of two people, and the sentences of refusal (seed 000; runbooks, "Who")."""

from __future__ import annotations

from enum import StrEnum

from bot.domain.errors import NotAllowed
from bot.domain.model import Person, Role, Standing


class Need(StrEnum):
    """Whom a row asks for."""

    ADMIN = "admin"
    SERVER_ADMIN = "server-admin"
    ANYONE = "anyone"

    @property
    def roles(self) -> tuple[Role, ...]:
        """The roles of which one is enough; none: any full member of the workspace."""
        return _ROLES[self]

    @property
    def words(self) -> str:
        return " or ".join(self.roles) if self.roles else "any full member of the workspace"


_ROLES = {
    Need.ADMIN: (Role.SERVER_ADMIN, Role.RG_ADMIN),
    Need.SERVER_ADMIN: (Role.SERVER_ADMIN,),
    Need.ANYONE: (),
}

_STANDINGS = {
    Standing.GUEST: "Guests cannot do this, whatever groups they are in. Ask a full member of the workspace to press.",
    Standing.EXTERNAL: "People of other organisations cannot do this. Ask a member of this workspace to press.",
    Standing.DELETED: "This account is deactivated, so it cannot do this. Ask a colleague to press.",
    Standing.BOT: "Bots cannot do this. A person has to press.",
    Standing.UNKNOWN: "Slack did not say in time who you are, so the answer is no. Nothing was changed. Try again.",
}

_REASONS = {
    Standing.GUEST: "guests cannot do this.",
    Standing.EXTERNAL: "people of other organisations cannot do this.",
    Standing.DELETED: "this account is deactivated.",
    Standing.BOT: "bots cannot do this.",
    Standing.UNKNOWN: "Slack did not say in time who this is.",
}

_LOST = {
    Standing.GUEST: "{name} is a guest of this workspace now",
    Standing.EXTERNAL: "{name} belongs to another organisation",
    Standing.DELETED: "The account of {name} is deactivated",
    Standing.BOT: "{name} is a bot",
    Standing.UNKNOWN: "Slack did not say in time who {name} is",
}


def allow(person: Person, need: Need) -> None:
    """Returns when the person may; raises NotAllowed with the reason, the missing role and where it is granted."""
    unknown = person.standing is Standing.MEMBER and person.roles is None and need.roles
    if person.doubt and (unknown or person.standing is Standing.UNKNOWN):
        reason = f"{person.doubt} So nobody can tell who may do this."
        raise NotAllowed(f"{reason} Nothing was changed.", reason, need.roles)
    if person.standing is not Standing.MEMBER:
        raise NotAllowed(_STANDINGS[person.standing], _REASONS[person.standing], need.roles)
    if not need.roles:
        return
    if person.roles is None:
        raise NotAllowed(
            f"This needs {need.words}, and nobody could say in time whether you hold it, so the answer is no. "
            "Nothing was changed. Try again in a moment.",
            f"this needs {need.words}, and nobody could say in time whether they hold it.",
            need.roles,
        )
    if not person.roles & frozenset(need.roles):
        granted = "`/rgs whoami` shows which roles you hold, and where they come from."
        raise NotAllowed(
            f"This needs {need.words}, which you do not hold. {person.doubt or granted} Nothing was changed.",
            f"this needs {need.words}, which they do not hold. {person.doubt}".strip(),
            need.roles,
        )


def lost(person: Person, name: str, need: Need) -> str:
    """Why somebody who was allowed, and was called `name` then, is not any more; "" when they still are."""
    if person.doubt and (person.roles is None or person.standing is Standing.UNKNOWN):
        return f"{person.doubt} So nobody can tell whether {name} still may approve this."
    if person.standing is not Standing.MEMBER:
        return f"{_LOST[person.standing].format(name=name)}, so their approval does not count."
    if person.roles is None:
        return f"Nobody could say in time whether {name} still holds {need.words}, so their approval does not count."
    if need.roles and not person.roles & frozenset(need.roles):
        return f"{name} no longer holds {need.words}, so their approval does not count."
    return ""


def lost_again(person: Person, name: str, need: Need) -> str:
    """The same for somebody who held the roles by break-glass only: that ends as soon as anybody knows their own."""
    if person.standing is Standing.MEMBER and person.roles is None:
        return ""
    if person.standing is Standing.MEMBER:
        return "The directory answers again, so what was approved under break-glass does not count."
    return lost(person, name, need)


def allow_accepting(person: Person, other: Person) -> None:
    """Raises NotAllowed for whoever would accept their own changed e-mail address, or that of nobody who may press."""
    if other.id == person.id:
        raise NotAllowed(
            "Nobody accepts their own e-mail address. Ask another holder of RTCUniversalServerAdmins. "
            "Nothing was changed.",
            "nobody accepts their own e-mail address.",
            (Role.SERVER_ADMIN,),
        )
    if other.standing is Standing.UNKNOWN:
        raise NotAllowed(
            f"Slack does not say who {other.name} is. Look at the name, or try again. Nothing was changed."
        )
    if other.standing is not Standing.MEMBER:
        raise NotAllowed(
            f"{_LOST[other.standing].format(name=other.name)}, so no address of theirs can be accepted. "
            "Nothing was changed."
        )


def allow_second(person: Person, first: str | None) -> None:
    """Raises NotAllowed when the person is their own second; `first` is the id of whoever asked, if anybody did."""
    if first == person.id:
        raise NotAllowed(
            "You asked for this command, so you cannot be the second person for it. "
            "Somebody else who holds the role has to approve. Nothing was changed.",
            "they asked for this command, so somebody else has to be the second person.",
        )
