"""`accept-loss` goes on with what is left, says what was missing, and does nothing where nothing is."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.commands.accept import accept_loss
from bot.commands.status import status
from bot.domain.errors import BadInput
from bot.domain.model import Pool
from bot.settings.settings import Settings
from storage.embedded import start

STANDS = "pool-a.contoso.com: not asked yet · no outage is declared, no backup"


async def test_it_says_what_was_missing_and_where_everything_stands_and_the_next_start_is_as_ever(
    tmp_path: Path,
) -> None:
    settings = Settings(data=str(tmp_path / "data"), pools=(Pool("pool-a.contoso.com"),))
    await (await start(Path(settings.data))).close()
    (Path(settings.data) / "appendonlydir" / "appendonly.aof.manifest").unlink()
    with pytest.raises(BadInput, match="the manifest of its log is gone"):
        await status(settings)

    said = await accept_loss(settings)
    assert "the manifest of its log is gone" in said[0] and said[1] == STANDS
    assert (await accept_loss(settings))[0] == f"Nothing is missing in {settings.data}."
    assert (await status(settings))[0] == STANDS


async def test_it_touches_no_redis_of_somebody_else_and_no_folder_without_data(tmp_path: Path) -> None:
    for settings, sentence in (
        (Settings(redis_url="redis://localhost"), "REDIS_URL names a Redis of its own"),
        (Settings(data=str(tmp_path / "none")), "There is no data in"),
    ):
        with pytest.raises(BadInput, match=sentence):
            await accept_loss(settings)
    assert not (tmp_path / "none").exists()
