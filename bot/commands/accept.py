"""Goes on knowingly with what is left of an embedded server's data: `python -m bot accept-loss`."""

from __future__ import annotations

from pathlib import Path

from bot.commands.status import status
from bot.domain.errors import BadInput
from bot.settings.settings import Settings
from storage import embedded


async def accept_loss(settings: Settings) -> list[str]:
    """What was missing, and where everything stands now, a line each. Raises BadInput where no data is."""
    folder = Path(settings.data)
    if settings.redis_url:
        raise BadInput("REDIS_URL names a Redis of its own, so SWITCHBACK_DATA is not used. Nothing was changed.")
    if not embedded.exists(folder):
        raise BadInput(f"There is no data in {folder}: look at SWITCHBACK_DATA. Nothing was changed.")
    server = await embedded.start(folder, binary=settings.redis_server_bin or None, knowingly=True)
    await server.close()
    return [*(server.told or (f"Nothing is missing in {folder}.",)), *await status(settings)]
