"""Which account of the directory somebody in Slack has: linked at first use, and changed by people only."""

from __future__ import annotations

from contextlib import suppress

from redis.asyncio import Redis

from bot.domain.errors import Unreadable
from bot.domain.model import AccountLink
from storage import keys
from storage.connect import guard, script
from storage.versions import Codec, unreadable

_LINK = Codec(AccountLink)


class AccountLinks:
    """All methods raise StoreAway, Newer or Unreadable: who cannot be looked up has no account."""

    def __init__(self, client: Redis) -> None:
        self._client, self._link = client, script(client, "link")

    @guard()
    async def of(self, person: str) -> AccountLink | None:
        """Whom this person is linked to, if anybody has linked them."""
        return _read(await self._client.hget(keys.LINKS, person), person)

    @guard()
    async def link(self, new: AccountLink, *, instead: bool = False) -> AccountLink:
        """The link that holds from now on: this one, or the one that was there first.

        An account that another person is linked to stays theirs, and that link is what is given. `instead`: this one
        takes the place of both, and of one that nobody can read.
        """
        if instead:
            with suppress(Unreadable):
                await self.of(new.person)
        keys_ = [keys.LINKS, keys.LINKED]
        held = await self._link(keys=keys_, args=[new.person, new.account, _LINK.encode(new), "1" if instead else ""])
        found = _read(held, new.person)
        if found is None:
            raise unreadable(f"The account of {new.person[:60]}")
        return found


def _read(data: bytes | None, person: str) -> AccountLink | None:
    return _LINK.decode(data, f"The account of {person[:60]}") if data else None
