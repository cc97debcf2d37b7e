"""The terminal tells what stands, for when nobody can look into Slack."""

from __future__ import annotations

from pathlib import Path

from bot.commands.status import status
from bot.domain.model import Pool
from bot.settings.settings import Settings
from bot.stores import store, stores_of
from storage.cards import Place

AT = 1_795_000_000.0


async def test_what_needs_somebody_is_told_with_what_to_do_whether_slack_shows_it_or_not(tmp_path: Path) -> None:
    settings = Settings(data=str(tmp_path / "data"), pools=(Pool("pool-a.contoso.com"),))
    assert len(await status(settings)) == 2
    async with store(settings) as client:
        notices = stores_of(settings, client).notices
        await notices.say("slack-places", "Slack takes no cards.", AT, ("Invite Switchback.",))
        await notices.say("disk", "The disk is full.", AT + 60, ("Make room.",))
        await notices.placed("disk", Place("C0BACKUPS1", "1.2"))
        await notices.say("over", "Something was wrong.", AT)
        await notices.end("over", "It is right again.", AT)
    pool, *stands, _ = await status(settings)
    assert pool == "pool-a.contoso.com: not asked yet · no outage is declared, no backup"
    assert stands == [
        "Needs attention since 2026-11-18 11:06 UTC: Slack takes no cards.",
        "  Invite Switchback.",
        "Needs attention since 2026-11-18 11:07 UTC: The disk is full.",
        "  Make room.",
    ]
