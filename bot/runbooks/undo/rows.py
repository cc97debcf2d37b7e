"""What the backup pool had is read from its kept export, set again, and read back (runbooks: undo)."""

from __future__ import annotations

from typing import Any

from bot.domain.deployment.cmdlets import cmdlet, quoted
from bot.domain.deployment.rehearsal import described
from bot.domain.errors import BotError
from bot.domain.groups.compare import settings_print
from bot.domain.groups.groups import Inventory, ServiceSettings, service
from bot.domain.model import Mark, Verdict
from bot.domain.runs.acts import Act, Acts, Attempt, Invoke, Load, ReadSettings, Seen
from bot.domain.runs.prerequisites import How, Prerequisite
from bot.domain.runs.run import Finding, Found, Run, partner
from bot.domain.runs.runbook import Choice, Left, Plan, Step, Then
from bot.runbooks.rows.attesting import attested
from bot.runbooks.rows.copies import carried
from bot.runbooks.rows.ending import done_row
from bot.runbooks.rows.exporting import export_row, exported
from bot.runbooks.rows.facts import OWN_SETTINGS, REPLACED, before
from bot.runbooks.rows.prerequisites import on
from bot.runbooks.rows.verifying import differences
from bot.runbooks.undo.facts import DIFFERS, MUSIC_DIFFERS, OWN_MUSIC


def _own(run: Run) -> Acts:
    """What B had before its settings were replaced."""
    known = before(run, OWN_SETTINGS)
    return {"own": Attempt(Load(known), kept=True)} if known else {}


def _now(run: Run) -> Acts:
    return {"settings": ReadSettings(partner(run).fqdn, partner(run).fqdn)}


def _reads(run: Run) -> Acts:
    return {**_own(run), **_now(run)}


def _judge_kept(run: Run, seen: Seen) -> Verdict:
    """Both sides are shown before anything is changed."""
    backup, own = partner(run).short, seen.get("own")
    if own is None:
        sentence = f"As far as is known here, the settings of {backup} are its own. Abandon this run."
        return Verdict(Mark.STOP, sentence)
    if isinstance(own, BotError) or own.settings is None:
        why = own.sentence if isinstance(own, BotError) else "It holds no settings."
        sentence = f"The kept settings of {backup} cannot be read, so nothing was changed: `/rgs backups {backup}`."
        return Verdict(Mark.STOP, sentence, (why,))
    there: ServiceSettings = seen["settings"]
    music = own.settings.default_music
    facts = (
        DIFFERS.to(_values(own.settings) != _values(there))
        | MUSIC_DIFFERS.to(_name(own.settings) != _name(there))
        | OWN_MUSIC.to([music.original_name, music.unique_name] if music else [])
    )
    sides = (f"It had {described(own.settings)}.", f"It has {described(there)}.")
    return Verdict(Mark.PASS, f"What {backup} had before its settings were replaced is kept.", sides, facts)


def _values(settings: ServiceSettings) -> tuple[int, bool]:
    return settings.ringback_grace_s, settings.call_context_disabled


def _name(settings: ServiceSettings) -> str:
    return settings.default_music.original_name if settings.default_music else ""


KEPT = Step(key="kept", stretch="kept", title="Read the kept settings", reads=_reads, judge=_judge_kept)


def _plan(run: Run, seen: Seen) -> Plan:
    backup, own = partner(run), seen["own"]
    grace, context = _values(own.settings)
    command = cmdlet(
        "Set-CsRgsConfiguration",
        Identity=service(backup.fqdn),
        AgentRingbackGracePeriod=grace,
        DisableCallContext=context,
    )
    effect = f"{backup.short} had {described(seen['settings'])}. Its default music stays for now."
    acts: dict[str, Act] = {"set": Invoke(backup.fqdn, command), **_now(run)}
    return Plan(acts, (effect,), settings_print(seen["settings"], {}))


def _judge_set(run: Run, seen: Seen) -> Verdict:
    return Verdict(Mark.PASS, f"Set. {partner(run).short} has {described(seen['settings'])}. It is compared last.")


def _found(run: Run, seen: Seen) -> Finding:
    if _values(seen["own"].settings) == _values(seen["settings"]):
        return Finding(Found.DONE, f"The settings of {partner(run).short} are as they were before.")
    sentence = f"{partner(run).short} has {described(seen['settings'])}: neither as before nor as it should be."
    return Finding(Found.PARTLY, sentence)


def _before_set(run: Run) -> tuple[Prerequisite, ...]:
    backup = partner(run)
    see = str(cmdlet("Get-CsRgsConfiguration", Identity=service(backup.fqdn)))
    how = How(f"They are in the backup {before(run, OWN_SETTINGS)}: `/rgs backups {backup.short}`.")
    look = How(on(backup, "see the settings that it has now"), (see,))
    return (Prerequisite("kept", f"{backup.short}'s own settings are kept", (how, look), shown_by=(KEPT.key,)),)


SET = Step(
    key="set",
    stretch="set",
    title="Set ring-back grace and call context",
    skip=lambda run: None if DIFFERS.of(run) else "Skipped: ring-back grace and call context are as they were.",
    prerequisites=_before_set,
    explain=lambda run: f"It concerns {partner(run).short}'s own groups, at once.",
    reads=_reads,
    plan=_plan,
    judge=_judge_set,
    approvals=lambda run: 1,
    look=_reads,
    stands=lambda run, seen: settings_print(seen["settings"], {}),
    found=_found,
)


def _explain_music(run: Run) -> str:
    """The bytes at once: read line by line, they would arrive broken."""
    backup, own = partner(run), OWN_MUSIC.of(run)
    target = quoted(str(service(backup.fqdn)))
    if not own:
        line = f"Set-CsRgsConfiguration -Identity {target} -DefaultMusicOnHoldFile $null"
        return f"{backup.short} had no default music of its own. On one of its servers: `{line}`"
    name, file = own
    ending = name.rpartition(".")[2]
    path = quoted("\\".join((backup.folder, name)))
    script = (
        f"$music = Import-CsRgsAudioFile -Identity {target} -FileName {quoted(name)} -Content $bytes; "
        f"Set-CsRgsConfiguration -Identity {target} -DefaultMusicOnHoldFile $music"
    )
    return (
        f"Take {file}.{ending} out of the file of backup {before(run, OWN_SETTINGS)} (`/rgs backups {backup.short}`), "
        f"and put it into {backup.folder} as {name}. Then, on a server of {backup.short}: "
        f"`$bytes = [IO.File]::ReadAllBytes({path}); {script}`"
    )


def _offer_music(run: Run) -> tuple[Choice, ...]:
    means = "Switchback exports the settings and compares the music byte for byte before it goes on."
    return (attested("music-set", "The music is back", "says the default music is back", means, style="primary"),)


MUSIC = Step(
    key="music",
    stretch="music",
    title="Put the default music back by hand",
    asks=True,
    skip=lambda run: None if MUSIC_DIFFERS.of(run) else "Skipped: a recording of that name is there.",
    explain=_explain_music,
    choices=_offer_music,
)


def _judge_check(run: Run, seen: Seen) -> Verdict:
    """By value, and the music by its bytes: its name alone says nothing."""
    backup, own, there = partner(run).short, seen["own"], exported(seen)
    if isinstance(own, BotError) or own.settings is None or there.settings is None:
        return Verdict(Mark.STOP, f"The settings of {backup} cannot be compared with what it had.")
    if _values(own.settings) != _values(there.settings):
        return Verdict(Mark.STOP, f"{backup} has {described(there.settings)}; it had {described(own.settings)}.")
    if (_name(own.settings), _bytes(own)) != (_name(there.settings), _bytes(there)):
        return Verdict(Mark.STOP, f"The default music of {backup} is not the recording that it had.")
    return Verdict(Mark.PASS, f"{backup} has its own settings again, its default music byte for byte.")


def _bytes(inventory: Inventory) -> str:
    music = inventory.settings.default_music if inventory.settings else None
    return inventory.audio.get(music.unique_name, "") if music else ""


def _offer_check(run: Run) -> tuple[Choice, ...]:
    again = Choice("music-again", "See the music again", "looks again.", MUSIC_DIFFERS.to(True), Then.BACK, "music")
    anew = Choice("set-again", "Begin again", "begins again.", then=Then.BACK, to="kept")
    return differences(run, again, anew)


CHECK = export_row(
    key="check",
    stretch="check",
    title="Compare the settings with what they were",
    source=partner,
    owner=partner,
    because=lambda run: f"what {partner(run).short} had after its own settings were put back",
    listed=False,
    also=_own,
    judge=_judge_check,
    choices=_offer_check,
)


def carry(run: Run) -> dict[str, Any]:
    """What is undone is forgotten."""
    undone = run.record_of("done") is not None
    return carried(run, OWN_SETTINGS.to("") | REPLACED.to(False)) if undone else carried(run)


def left(run: Run) -> Left:
    backup = partner(run).short
    if not run.attempt:
        return Left(f"Nothing was changed: the settings of {backup} are as they were.")
    return Left(
        f"The settings of {backup} may be put back in part. What it had stays kept.",
        then=f"`/rgs start undo {run.primary.short}` begins again.",
    )


def _done(run: Run) -> str:
    return f"{partner(run).short} has its own settings again."


DONE = done_row(_done)
