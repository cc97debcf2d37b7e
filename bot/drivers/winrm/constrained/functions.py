"""The functions of an endpoint: one for each cmdlet, of its own name, and one for each script (facts: endpoint)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from bot.domain.deployment.abilities import Use
from bot.domain.deployment.cmdlets import CMDLETS, Parameter
from bot.domain.deployment.tables import is_had
from bot.drivers.winrm.calls import ENDPOINT
from bot.drivers.winrm.constrained.patterns import (
    EXCHANGED,
    SOUND,
    check_of,
    in_folder,
    kind_of,
    listable,
    matching,
    readable,
    the_folder,
)
from bot.drivers.winrm.constrained.setup import Setup
from bot.drivers.winrm.scripts import MAKE, PATH, READERS, Given, Script

_FILE = "Assert-Place $Path $script:Folder"
_PLACE = "Assert-Place $Path (@($script:Folder) + $script:Stores)"
_BATCH = Given("Batch", "int", "[ValidateRange(1, 1000)]", mandatory=True)
_CONFIRM = "Confirm"


_DOES: Mapping[str, str] = {
    "Export-CsRgsConfiguration": "Writes the Response Groups of a pool into a file, or moves them there (`Remove…`).",
    "Import-CsRgsConfiguration": "Puts the Response Groups of a file into a pool, also over those that are there.",
    "Invoke-CsPoolFailOver": "Moves everybody of a pool to its backup pool.",
    "Invoke-CsPoolFailBack": "Moves everybody of a pool home from its backup pool.",
    "Export-CsLisConfiguration": "Gives the emergency locations as bytes; writes no file, and changes nothing.",
    "Set-CsRgsConfiguration": "Changes the settings that all Response Groups of a pool share.",
    "Set-CsRegistrarConfiguration": "Says how a pool stands, after a move that broke off; moves nobody.",
    "Invoke-CsManagementServerFailover": "Moves Central Management to the pool on whose server it runs.",
    "Invoke-CsManagementStoreReplication": "Sends the topology and its settings to the replicas once more.",
    "Set-CsEdgeServer": "Leads an Edge pool to another pool, which gets its calls and sign-ins from then on.",
    "Set-CsSite": "Changes by which Edge pool a site reaches other organisations.",
    "Invoke-CsBackupServiceSync": "Sends the data of a pool to its backup pool once more.",
    "Set-CsBackupServiceConfiguration": "Changes how the Backup Service works, for all pools at once.",
    "Start-CsWindowsService": "Starts a service of the product on one machine, or all of them.",
    "Stop-CsWindowsService": "Stops a service of the product on one machine, or all of them: who is there is cut off.",
    "Invoke-CsDatabaseFailover": "Lets the other server of a mirrored pair serve one kind of its databases.",
    "Import-CsLisConfiguration": "Adds the emergency locations of a file, also over those that were changed since.",
    "Publish-CsLisConfiguration": "Makes the emergency locations that are there those that calls carry.",
}
"""For the people who sign it: what a cmdlet does that is not only read."""


@dataclass(frozen=True, slots=True)
class Function:
    """`lines` are its body, of which the first ones are checks; `does` is for the people who sign it."""

    name: str
    given: tuple[Given, ...]
    lines: tuple[str, ...]
    does: str

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield f"function {self.name} {{"
        yield "    [CmdletBinding(PositionalBinding = $false)]"
        yield "    param("
        for place, one in enumerate(self.given):
            mandatory = ["[Parameter(Mandatory = $true)]"] if one.mandatory else []
            *checks, last = [*mandatory, *one.declared()]
            yield from (f"        {line}" for line in checks)
            yield f"        {last}{',' if place < len(self.given) - 1 else ''}"
        yield "    )"
        yield "    $ErrorActionPreference = 'Stop'"
        yield from (f"    {line}" for line in self.lines)
        yield "}"


def functions(setup: Setup, uses: Sequence[Use]) -> tuple[Function, ...]:
    """Everything that is visible there: of cmdlets those in `uses` that its version has, with the parameters there."""
    ours = (_scripted(script, setup) for script in Script if script is not Script.WHOLE)
    sent = {
        name: [use.parameters for use in uses if use.cmdlet == name] for name in CMDLETS if is_had(name, setup.version)
    }
    cmdlets = (_of_cmdlet(name, frozenset().union(*keys), setup) for name, keys in sent.items() if keys)
    return (*cmdlets, *ours, _EDITION)


_EDITION = Function(
    ENDPOINT,
    (),
    ('"$script:Edition $script:Version"',),
    "Says which edition of these functions this is, and for which servers.",
)


def _of_cmdlet(name: str, sent: Set[str], setup: Setup) -> Function:
    table = {key: one for key, one in CMDLETS[name].items() if key in sent and setup.version in one.versions}
    given = tuple(_given(key, one, setup) for key, one in table.items())
    handed = [one.name for one in given if one.name != _CONFIRM]
    lines = ["if ($FileName) { Assert-Place $FileName $script:Folder }"] if "FileName" in table else []
    if handed:
        lines.append(f"$given = Select-Given $PSBoundParameters {_listed(handed)}")
    call = [f"{setup.module}\\{name}", *(["@given"] if handed else []), "-ErrorAction Continue -WarningAction Continue"]
    call += ["-Debug:$false", *(["-Confirm:$false"] if _CONFIRM in table else [])]
    if name not in READERS:
        return Function(name, given, (*lines, " ".join(call)), f"Runs `{setup.module}\\{name}`. {_DOES[name]}")
    lines.append(f"{' '.join(call)} | Send-Packed $Batch")
    return Function(
        name, (*given, _BATCH), tuple(lines), f"Gives what `{setup.module}\\{name}` gives, packed as bytes."
    )


def _given(key: str, parameter: Parameter, setup: Setup) -> Given:
    mandatory = parameter.mandatory and not parameter.set
    return Given(key, kind_of(parameter), check_of(key, parameter, setup), mandatory)


@dataclass(frozen=True, slots=True)
class _Reach:
    """Which places a script may be about at a constrained endpoint, as a pattern and as a check on the server."""

    does: str
    path: Callable[[Setup], str]
    guards: tuple[str, ...]
    then: str = ""


_REACHES: Mapping[Script, _Reach] = {
    Script.DIGEST: _Reach("Says the SHA-256 and the size of one file.", readable, (_PLACE,)),
    Script.PIECE: _Reach("Gives a piece of one file.", readable, (_PLACE,)),
    Script.WRITE: _Reach("Writes a piece of one file in the folder of exports.", in_folder, (_FILE,)),
    Script.LIST: _Reach(
        "Lists the files that the others may touch.",
        listable,
        (
            _PLACE,
            rf"$shown = '\A[0-9]+ {EXCHANGED}\z'",
            rf"if ($Path -cne $script:Folder) {{ $shown = '{SOUND}\z' }}",
        ),
        " | Where-Object { $_ -cmatch $shown }",
    ),
    Script.REMOVE: _Reach("Removes one file in the folder of exports.", in_folder, (_FILE,)),
    Script.STATE: _Reach("Says how much room that folder has, and whether it can be written.", the_folder, (_FILE,)),
}


def _scripted(script: Script, setup: Setup) -> Function:
    """The same line as the script's, behind the checks of the place that it is about."""
    if script is Script.PARAMETERS:
        line = script.line.replace("$Command", f'"{setup.module}\\$Command"')
        return Function(script.function, script.given, (line,), "Says which parameters a cmdlet has; runs none.")
    reach = _REACHES[script]
    check = matching(reach.path(setup))
    given = tuple(replace(one, check=check) if one == PATH else one for one in script.given if one != MAKE)
    line = script.line.replace(f"${MAKE.name}.IsPresent", "$false")
    return Function(script.function, given, (*reach.guards, line + reach.then), reach.does)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
