"""What servers say of themselves is told apart, and what a run cannot do without is named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.deployment.abilities import (
    LASTS_S,
    REPLICATION,
    Abilities,
    Product,
    Use,
    missing,
    parameters_of,
    remarks,
)
from bot.domain.errors import BadInput
from bot.domain.model import Pool, PoolRecord, PoolState, Who
from bot.domain.runs.facts import ABLE
from bot.domain.runs.opening import Estate, Stand, begin
from bot.domain.runs.run import Run
from bot.runbooks import RUNBOOKS
from bot.runbooks.uses import of_a_pool

A, B = Pool("pool-a.contoso.com", backup_pool="pool-b.contoso.com"), Pool("pool-b.contoso.com")
ESTATE = Estate({A.fqdn: A, B.fqdn: B}, {A.fqdn: B.fqdn, B.fqdn: A.fqdn}, {})
NOW = 1_795_000_000.0
ABLE_2015 = Abilities(NOW, "Skype for Business Server 2015 (6.0.9319.0)", parameters_of("2015", cu1=False))
IMPORT = "Import-CsRgsConfiguration"
MIRRORS = "Get-CsDatabaseMirrorState"


@pytest.mark.parametrize(
    ("text", "cu1", "product", "version"),
    [
        ("Microsoft Lync Server 2013 (5.0.8308.0): Volume license key installed.", False, Product.LYNC_2013, "2013"),
        ("Skype for Business Server 2015 (6.0.9319.0)", False, Product.S4B_2015, "2015"),
        ("Skype for Business Server 2019 (7.0.2046.0)", False, Product.S4B_2019, "2019"),
        ("Skype for Business Server 2019 (7.0.2046.0)", True, Product.S4B_2019_CU1, "2019"),
        ("Skype for Business Server 2019 (7.0.2046.819)", True, Product.S4B_2019_CU1, "2019"),
        ("Skype for Business Server SE (7.0.2046.820)", True, Product.SUBSCRIPTION, "2019"),
        ("Skype for Business Server (7.0.2100.1)", False, Product.SUBSCRIPTION, "2019"),
        ("Skype for Business Server (8.0.1.1)", True, Product.UNKNOWN, ""),
        ("Microsoft Lync Server 2010 (4.0.7577.0)", False, Product.OLDER, ""),
        ("", False, Product.UNKNOWN, ""),
    ],
)
def test_products_are_told_apart_by_number_and_the_update_by_its_parameter(
    text: str, cu1: bool, product: Product, version: str
) -> None:
    name, parameter = REPLICATION
    said = Abilities(NOW, text, {name: frozenset({parameter} if cu1 else ())})
    assert (said.product, said.product.version) == (product, version)


def test_groups_on_a_pool_older_than_2013_are_named_as_not_covered() -> None:
    """Seed 000; what would help where another version is configured helps nobody here."""
    (told,) = remarks(A, B, Abilities(NOW, "Microsoft Lync Server 2010 (4.0.7577.0)"))
    assert told == (
        "The server of pool-a is “Microsoft Lync Server 2010 (4.0.7577.0)”. "
        "Response Groups on pools older than Lync Server 2013 are not covered."
    )


@pytest.mark.parametrize("version", ["2013", "2015", "2019"])
def test_a_server_as_the_tables_know_it_lacks_nothing(version: str) -> None:
    uses = of_a_pool(RUNBOOKS.values(), has_partner=True)
    assert not list(Abilities(NOW, "", parameters_of(version, cu1=True)).lacks(uses, version))


@pytest.mark.parametrize(("version", "lacking"), [("2013", [MIRRORS]), ("2015", [MIRRORS]), ("2019", [])])
def test_a_cmdlet_that_the_version_never_had_is_not_called_lacking(version: str, lacking: list[str]) -> None:
    said = {name: keys for name, keys in parameters_of(version, cu1=True).items() if name != MIRRORS}
    uses = of_a_pool(RUNBOOKS.values(), has_partner=True)
    assert sorted(set(Abilities(NOW, "", said).lacks(uses, version))) == lacking
    assert (MIRRORS in parameters_of(version, cu1=True)) == bool(lacking)
    assert "Get-CsServerVersion" in said, "one without parameters is there"


def test_what_is_not_there_is_named_and_what_the_version_never_had_is_not() -> None:
    uses = (
        Use(IMPORT, frozenset({"FileName", "OverwriteOwner"})),
        Use("Get-CsBackupServiceStatus", frozenset({"Category"})),
        Use("Get-CsRgsQueue"),
    )
    said = Abilities(NOW, "", {IMPORT: frozenset({"filename"}), "Get-CsBackupServiceStatus": frozenset()})
    assert list(said.lacks(uses, "2013")) == [f"-OverwriteOwner of {IMPORT}", "Get-CsRgsQueue"]
    assert "-Category of Get-CsBackupServiceStatus" in list(said.lacks(uses, "2019"))


def without(*names: str, at: float = NOW) -> Abilities:
    return replace(ABLE_2015, at=at, cmdlets={k: v for k, v in ABLE_2015.cmdlets.items() if k not in names})


def opened(key: str, known: dict[str, Abilities] | None, now: float = NOW) -> Run:
    state = PoolState.ACTIVE if key == "failover" else PoolState.FAILED_OVER
    record = PoolRecord(A.fqdn, state)
    return begin("r-1", RUNBOOKS[key], A, ESTATE, {A.fqdn: Stand(record)}, Who("T1:U1", "Anna"), now, known=known)


@pytest.mark.parametrize(("key", "pool"), [("failover", B), ("failback", A), ("failback", B)])
def test_a_run_does_not_start_where_its_end_is_known_not_to_be_reached(key: str, pool: Pool) -> None:
    lacking = {A.fqdn: ABLE_2015, B.fqdn: ABLE_2015, pool.fqdn: without("Export-CsRgsConfiguration", at=NOW - 7200)}
    with pytest.raises(BadInput) as refused:
        opened(key, lacking)
    assert refused.value.sentence == (
        f"{pool.short} lacks Export-CsRgsConfiguration (asked 2 h ago). Update its servers or renew their endpoint; "
        "`python -m bot check` tells where. Servers that lack something are asked again every 15 minutes. "
        "Nothing was started."
    )


def test_what_a_dead_pool_lacks_keeps_nobody_from_failing_it_over() -> None:
    run = opened("failover", {A.fqdn: without(IMPORT), B.fqdn: ABLE_2015})
    assert ABLE.of(run) == []


def test_what_the_rows_can_go_on_without_is_only_told() -> None:
    run = opened("failover", {B.fqdn: without("Get-CsPoolBackupRelationship")})
    assert ABLE.of(run) == ["pool-b lacks Get-CsPoolBackupRelationship."]


def test_not_to_know_is_told_and_refuses_nothing() -> None:
    assert ABLE.of(opened("failover", {})) == ["What pool-b can do is not known: its servers were never asked."]
    old = without(IMPORT, at=NOW - LASTS_S - 7200)
    assert ABLE.of(opened("failover", {B.fqdn: old})) == [
        "What pool-b can do is not known: its servers were asked last 2 days ago."
    ]
    assert len(ABLE.of(opened("failback", {}))) == 2
    assert ABLE.key not in opened("failover", None).facts


def test_what_an_account_could_not_do_is_told_before_a_run() -> None:
    hop = "pool-b cannot reach its file share on our behalf; `docs/real-servers.md` §3 (PathNotFound)."
    assert ABLE.of(opened("failover", {B.fqdn: replace(ABLE_2015, refused=(hop,))})) == [hop]


def test_an_answer_of_the_future_is_none() -> None:
    assert missing(B, (Use(IMPORT),), without(IMPORT, at=NOW + 2 * LASTS_S), NOW) == ""
