"""Without a word in the configuration every pool is backed up daily (seeds 000 and 001)."""

from __future__ import annotations

from bot.domain.backups.schedule import schedule_of
from bot.settings.settings import settings

POOLS = '[[pools]]\nfqdn = "a.contoso.com"\n[[pools]]\nfqdn = "b.contoso.com"\n'
OFTEN = '[[schedules]]\npool = "a.contoso.com"\nat = ["02:30", "13:00"]\n'


def test_every_pool_is_exported_daily_unless_somebody_says_otherwise() -> None:
    said = settings({}, POOLS)
    assert said.schedules == {"a.contoso.com": ("02:30",), "b.contoso.com": ("02:30",)}
    plan = [schedule_of(pool, said.timings[pool.fqdn], None) for pool in said.pools]
    assert [(one.runbook, one.at) for one in plan] == [("backup", ("02:30",)), ("backup", ("02:30",))]
    assert settings({}, POOLS + OFTEN).schedules == {"a.contoso.com": ("02:30", "13:00"), "b.contoso.com": ("02:30",)}
