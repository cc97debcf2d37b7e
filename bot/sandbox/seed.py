"""The workspace a newcomer finds: who is there, which user groups they are in, which channels exist."""

from dataclasses import replace

from bot.sandbox.values import Channel, Durable, Group, Kind, Person

TEAM = "T0SWITCH01"
PARTNER = "T0PARTNER1"
DOMAIN = "switchback-demo"
MAIL_DOMAIN = "contoso.com"
BOT_USER = "U0BOT00001"
BOT_ID = "B0BOT00001"
APP_ID = "A0SWITCH01"

PEOPLE = (
    Person("U0ANNA0001", "Anna Berg", "anna", TEAM, about="server admin"),
    Person("U0BORIS001", "Boris Lind", "boris", TEAM, about="server admin", tz="Europe/Stockholm"),
    Person("U0CLARA001", "Clara Nowak", "clara", TEAM, about="Response Group admin", tz="Europe/Warsaw"),
    Person("U0DAVID001", "David Okoye", "david", TEAM, about="Response Group admin", tz="Africa/Lagos"),
    Person("U0EMIL0001", "Emil Hansen", "emil", TEAM, about="no role", tz="Europe/Oslo"),
    Person("U0FINN0001", "Finn (guest)", "finn", TEAM, Kind.GUEST, about="guest"),
    Person("U0GRETA001", "Greta (Partner Ltd)", "greta", PARTNER, Kind.EXTERNAL, about="from another company"),
)
GROUPS = (
    Group(
        "S0SERVER01",
        "rtc-universal-server-admins",
        "RTCUniversalServerAdmins",
        members=("U0ANNA0001", "U0BORIS001"),
    ),
    Group(
        "S0RGADMIN1",
        "cs-response-group-administrator",
        "CsResponseGroupAdministrator",
        members=("U0CLARA001", "U0DAVID001"),
    ),
)
STAFF = frozenset({"U0ANNA0001", "U0BORIS001", "U0CLARA001", "U0DAVID001", "U0EMIL0001"})
CHANNELS = (
    Channel(
        "C0INCIDENT",
        "incident-lync",
        STAFF | {"U0FINN0001", BOT_USER},
        purpose="When a pool is down, this is where we meet",
    ),
    Channel("C0BACKUPS1", "lync-backups", STAFF | {BOT_USER}, purpose="Nightly exports of Response Groups"),
    Channel("C0GENERAL1", "general", STAFF, purpose="Everything else"),
    Channel(
        "C0PARTNER1",
        "partner-support",
        STAFF | {"U0GRETA001", BOT_USER},
        ext_shared=True,
        purpose="Shared with Partner Ltd",
    ),
)


def contents(bot_name: str) -> tuple[Durable, ...]:
    """Everything a new workspace starts with; the bot carries the name its manifest gives it."""
    people = (replace(person, email=f"{person.handle}@{MAIL_DOMAIN}") for person in PEOPLE)
    return (Person(BOT_USER, bot_name, bot_name, TEAM, Kind.BOT), *people, *GROUPS, *CHANNELS)
