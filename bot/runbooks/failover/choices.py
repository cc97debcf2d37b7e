"""The buttons of failover's rows: what people can choose, what that records, and where it leads."""

from __future__ import annotations

from bot.domain.runs.run import Phase, Run, partner
from bot.domain.runs.runbook import Choice, Field, Then
from bot.runbooks.rows.verifying import accept_differences


def declare(run: Run) -> tuple[Choice, ...]:
    fields = (
        Field("seen", "What is seen?", hint="For example: all Front Ends unreachable", multiline=True, max_length=300),
        Field("outage_since", "Since when?", hint="For example: 02:40", max_length=60),
        Field(
            "reachable",
            "Does the pool still answer?",
            options=(("no", "No, it is inaccessible"), ("yes", "Yes, it still answers")),
        ),
    )
    said = "declared an outage since {outage_since}: {seen}"
    return (Choice("declare", "Declare the outage", said, fields=fields, style="primary"),)


def pick(run: Run) -> tuple[Choice, ...]:
    """What to import: the backup that is offered first, another one, or what lies on B already."""
    offers = run.fact("offers", [])
    if run.phase is Phase.STOPPED or not offers:
        return ()
    first = offers[0]
    is_newest = first.get("newest", True)
    use = Choice(
        "use",
        "Use this backup" if len(offers) == 1 or not is_newest else "Use the newest backup",
        f"chose the backup of {first['when']}.",
        {"chosen": first["id"], "copies": "none"},
        style="primary",
    )
    menu = Field("chosen", "Which backup?", options=tuple((offer["id"], offer["label"][:75]) for offer in offers))
    instead = "Choose an older one" if is_newest else "Choose another one"
    other = Choice("other", instead, "chose another backup.", {"copies": "none"}, fields=(menu,))
    if not run.fact("copies_found"):
        return (use, other) if len(offers) > 1 else (use,)
    keep = Choice(
        "keep",
        "Keep what is there",
        f"keeps the copies that are on {partner(run).short} already.",
        {"chosen": first["id"], "copies": "kept"},
        style="primary" if run.fact("copies_equal") else "",
    )
    removed = f"has the copies on {partner(run).short} removed"
    facts = {"chosen": first["id"], "copies": "clear"}
    clear = Choice("clear", "Remove and import", f"{removed} and the backup of {first['when']} imported.", facts)
    older = Choice(
        "clear-older", "Remove, import another", f"{removed} and another one imported.", facts, fields=(menu,)
    )
    return (keep, clear, older) if len(offers) > 1 else (keep, clear)


def cleared(run: Run) -> tuple[Choice, ...]:
    """When there is nothing left to remove, or nothing whole to take its place."""
    if run.phase is not Phase.STOPPED:
        return ()
    return (
        Choice("cleared", "Go on without", "goes on: there is nothing to remove."),
        Choice("rechoose", "Choose another backup", "chooses again.", then=Then.BACK, to="find"),
    )


def conflict_ways(run: Run) -> tuple[Choice, ...]:
    """Ways on from a rehearsal that failed; for a name conflict those of seed 000."""
    if run.phase is not Phase.STOPPED:
        return ()
    facts = {"resolve": False, "conflicts": 0}
    other = Choice("rechoose", "Choose another backup", "chooses again.", facts, then=Then.BACK, to="find")
    if not run.fact("conflicts"):
        return (other,)
    return (
        Choice(
            "renamed",
            "Renamed on the backup pool",
            f"renamed the objects on {partner(run).short}.",
            then=Then.AGAIN,
            style="primary",
        ),
        Choice(
            "resolve",
            "Let the import rename",
            "lets the import rename: -ResolveNameConflicts.",
            {"resolve": True},
            then=Then.AGAIN,
            confirm='Imported objects get names such as "Help Desk (2)". They keep them when they come home, '
            "until somebody renames them back.",
        ),
        other,
    )


def renaming(run: Run) -> str:
    """The commands for renaming by hand, filled in as far as they can be."""
    if not run.fact("conflicts"):
        return ""
    where = f'-Identity "service:ApplicationServer:{partner(run).fqdn}"'
    return (
        f"To rename one on {partner(run).short}, in its Management Shell, with its type in place of Queue: "
        f'`$it = Get-CsRgsQueue {where} -Name "<name>"; $it.Name = "<new name>"; Set-CsRgsQueue -Instance $it`'
    )


def settings(run: Run) -> tuple[Choice, ...]:
    backup, primary = partner(run).short, run.primary.short
    keep = Choice("keep-settings", f"Keep {backup}'s"[:75], f"keeps the settings of {backup}.", {"replace": False})
    if run.fact("replaceable") is False or (run.fact("copies") == "kept" and not run.fact("copies_equal")):
        # Replacing means importing, which would put the backup over copies that were kept for their later edits.
        return (keep,)
    return (
        keep,
        Choice(
            "replace-settings",
            f"Replace with {primary}'s"[:75],
            f"replaces the settings of {backup} by those of {primary}.",
            {"replace": True, "copies": "none"},
            confirm=f"{backup}'s own groups will use {primary}'s settings and music too. It needs a second person.",
        ),
    )


def again_or_accept(run: Run) -> tuple[Choice, ...]:
    if run.phase is not Phase.STOPPED:
        return ()
    facts = {"copies": "none"}
    back = Choice("import-again", "Import again", "has it imported again.", facts, then=Then.BACK, to="rehearse")
    return (back,) if run.fact("nothing_arrived") else (back, accept_differences())


def to_rehearsal(run: Run) -> tuple[Choice, ...]:
    if run.phase is not Phase.STOPPED:
        return ()
    return (Choice("rehearse", "Rehearse again", "asked to rehearse again.", then=Then.BACK, to="rehearse"),)


def routes(run: Run) -> tuple[Choice, ...]:
    said = f"says gateways, DNS and agent console answer from {partner(run).short}."
    return (Choice("routed", "All of this is so", said, style="primary"),)
