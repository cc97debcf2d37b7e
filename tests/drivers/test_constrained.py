"""A generated endpoint as text: what is visible, what each function takes and calls, and what it lets through."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

import pytest

from bot.commands.endpoint import SENT
from bot.domain.deployment.abilities import Use
from bot.domain.deployment.cmdlets import ALL_VERSIONS, CMDLETS, Cmdlet
from bot.domain.errors import BadInput
from bot.drivers.winrm.calls import ENDPOINT
from bot.drivers.winrm.constrained.files import HOME, PAGE, REGISTER, edition, written
from bot.drivers.winrm.constrained.setup import Setup
from bot.drivers.winrm.scripts import PARTS, Script
from tests.drivers.test_winrm_scripts import LATER
from tests.drivers.wsman.constrained import Refused, bound, decoded, visible
from tests.drivers.wsman.powershell import Function, NotPowerShell, commands, functions, literals, parsed

STORE = "\\\\fs.contoso.com\\lync$\\1-ApplicationServer-1\\AppServerFiles"
SETUP = Setup("2019", "CONTOSO\\gmsa-switchback", "CONTOSO\\svc-switchback", stores=(STORE,))
FILES = {
    version: written(Setup(version, SETUP.account, SETUP.caller, stores=(STORE,)), SENT) for version in ALL_VERSIONS
}
VISIBLE = {version: visible(files) for version, files in FILES.items()}
EVERY = [pytest.param(version, name, id=f"{version}-{name}") for version in ALL_VERSIONS for name in VISIBLE[version]]
CHANGES = {"Remove-Item", "New-Item", "Set-Acl", "Copy-Item", "Unregister-PSSessionConfiguration"}


WHOLE = visible(written(SETUP, tuple(Use(name, frozenset(table)) for name, table in CMDLETS.items())))
"""An endpoint for every cmdlet with all its parameters, whether rows send it yet or not."""


def text_of(name: str, version: str = "2019") -> str:
    return decoded(name, FILES[version][name])


def keys(table: str) -> list[str]:
    """The keys of a file that is one table."""
    return re.findall(r"^    (\w+) = ", table, re.MULTILINE)


@pytest.mark.parametrize("version", ALL_VERSIONS)
def test_every_file_is_powershell_and_is_read_as_such_on_windows(version: str) -> None:
    for name, data in FILES[version].items():
        assert data.startswith(b"\xff\xfe" if name.endswith(("pssc", "psrc")) else b"\xef\xbb\xbf")
        text = decoded(name, data)
        assert b"\n" not in data.replace(b"\r\x00\n\x00", b"").replace(b"\r\n", b"") and "«" not in text
        if name != PAGE:
            parsed(text)
            assert not [word for word in LATER if word in text]


def test_what_is_no_powershell_is_seen() -> None:
    with pytest.raises(NotPowerShell):
        parsed(text_of("Switchback.psm1").replace("{ & $pack }", "{ & $pack", 1))


@pytest.mark.parametrize("version", ALL_VERSIONS)
def test_nothing_is_visible_but_our_functions(version: str) -> None:
    ours = {script.function for script in Script if script is not Script.WHOLE}
    gone = {"Get-CsDatabaseMirrorState"} if version == "2019" else set()
    assert set(VISIBLE[version]) == {*(use.cmdlet for use in SENT), *ours, ENDPOINT} - gone
    assert keys(text_of("Switchback.psrc", version)) == [
        *("GUID", "Author", "Description", "ModulesToImport", "VisibleFunctions")
    ]


def test_the_session_opens_nothing_without_a_role() -> None:
    session = text_of("Switchback.pssc")
    assert keys(session) == [
        *("SchemaVersion", "GUID", "Author", "Description", "SessionType", "LanguageMode", "ExecutionPolicy"),
        *("GroupManagedServiceAccount", "RoleDefinitions"),
    ]
    assert "'NoLanguage'" in session and f"@{{ '{SETUP.caller}' = @{{ RoleCapabilities = 'Switchback' }} }}" in session
    assert f"GroupManagedServiceAccount = '{SETUP.account}'" in session


@pytest.mark.parametrize("version", ALL_VERSIONS)
def test_a_function_takes_what_its_cmdlet_is_ever_sent_with_and_nothing_else(version: str) -> None:
    for name in {use.cmdlet for use in SENT} & set(VISIBLE[version]):
        sent = {key for use in SENT if use.cmdlet == name for key in use.parameters}
        there = {key for key in sent if version in CMDLETS[name][key].versions}
        assert set(VISIBLE[version][name].parameters) - {"Batch"} == there
        must = {key for key, one in CMDLETS[name].items() if one.mandatory and not one.set and version in one.versions}
        assert must <= there


def test_what_is_never_sent_cannot_be_called() -> None:
    every = VISIBLE["2019"]
    assert "Set-CsRegistrarConfiguration" not in every
    assert not {key for one in every.values() for key in one.parameters} & {"WhatIf", "SkipDataVerification"}
    forced = {name for name, one in every.items() if "Force" in one.parameters}
    # What does not answer any more is moved by force: Central Management, and a database (facts: recovery §0.21, §4).
    assert forced == {"Invoke-CsManagementServerFailover", "Invoke-CsDatabaseFailover"}
    fewer = tuple(use for use in SENT if use.cmdlet != "Invoke-CsPoolFailOver")
    assert set(every) - set(visible(written(SETUP, fewer))) == {"Invoke-CsPoolFailOver"}
    assert edition("2019", fewer) != edition("2019", SENT), "and whoever has the others is told"


@pytest.mark.parametrize(("version", "name"), EVERY)
def test_a_parameter_is_plain_and_checked_from_end_to_end(version: str, name: str) -> None:
    function = VISIBLE[version][name]
    assert function.attributes == ("[CmdletBinding(PositionalBinding = $false)]",)
    for one in function.parameters.values():
        assert one.type in ("string", "switch", "bool", "int", "byte[]")
        assert {check.partition("(")[0] for check in one.checks} <= {
            *("Parameter", "ValidatePattern", "ValidateRange", "ValidateCount", "ValidateSet")
        }
        assert [check for check in one.checks if check.startswith("Parameter(")] in (
            [],
            ["Parameter(Mandatory = $true)"],
        )
        assert bool([check for check in one.checks if "Validate" in check]) == (one.type not in ("switch", "bool"))
        if (pattern := one.argument("ValidatePattern")) is not None:
            (said,) = literals(pattern)
            assert (said.startswith("(?-i)\\A(?:") and said.endswith(")\\z")) or said == "(?-i)\\A[0-9]{1,18}\\z"


def lines(function: Function) -> list[str]:
    """Its body, line by line."""
    body = function.text.split("\n    )\n", 1)[1].removesuffix("}").strip()
    return [line.strip() for line in body.splitlines()]


@pytest.mark.parametrize(("version", "name"), EVERY)
def test_a_function_stops_at_its_own_checks_and_lets_the_cmdlet_run_to_its_end(version: str, name: str) -> None:
    function, module = VISIBLE[version][name], "Lync" if version == "2013" else "SkypeForBusiness"
    first, *_, last = lines(function)
    assert first == "$ErrorActionPreference = 'Stop'"
    called = [one for one in function.commands if "\\" in one[0]]
    assert [one[0] for one in called] == ([f"{module}\\{name}"] if name in CMDLETS else [])
    if called:
        assert last.startswith(f"{module}\\{name} ") and " -ErrorAction Continue " in last
        assert last.endswith(" | Send-Packed $Batch") == name.startswith("Get-")
        assert last.endswith(" -Confirm:$false") == ("Confirm" in CMDLETS[name])
        handed = [key for one in function.commands if one[0] == "Select-Given" for key in literals(one[-1])]
        assert set(handed) == set(function.parameters) - {"Confirm", "Batch"}
    assert ("if ($FileName) { Assert-Place $FileName $script:Folder }" in lines(function)) == (
        "FileName" in function.parameters
    )


@pytest.mark.parametrize("version", ALL_VERSIONS)
def test_inside_nothing_is_called_that_is_cut_down_there_and_no_text_is_run(version: str) -> None:
    module = text_of("Switchback.psm1", version)
    helpers = set(functions(module)) - set(VISIBLE[version])
    qualified = {one[0] for one in commands(module) if "\\" in one[0]}
    called = {one[0] for one in commands(module)} - helpers - qualified
    assert called == {"New-Object", "Where-Object", "Get-Command", "Export-ModuleMember", "&"}
    assert {one for one in commands(module) if one[0] == "&"} == {("&", "$pack")}
    assert {one[1] for one in commands(module) if one[0] == "Get-Command"} == {"-Name"}
    assert not [
        word for word in ("[scriptblock]", "invoke-expression", "add-type", "iex ") if word in module.casefold()
    ]


def test_both_kinds_of_endpoint_run_the_same_lines() -> None:
    module, every = text_of("Switchback.psm1"), VISIBLE["2019"]
    assert all(part in module for part in PARTS)
    for script in Script:
        parts = script.value.partition("'Stop'\n")[2].removesuffix(f"{script.line}\n")
        assert all(f"function {name}" in module for name in functions(parts)) and parts.count("function ")
        if script not in (Script.WHOLE, Script.PARAMETERS, Script.STATE):
            assert any(line.startswith(script.line) for line in lines(every[script.function]))
            assert list(every[script.function].parameters) == [one.name for one in script.given]


def test_the_folder_of_exports_is_made_only_by_who_registers_the_endpoint_with_its_rights() -> None:
    function = VISIBLE["2019"]["Get-SwitchbackFolder"]
    assert list(function.parameters) == ["Path"] and lines(function)[-1] == "Read-State $Path $false"


HOSTILE = (
    *(
        "",
        " ",
        "a'b",
        'a"b',
        "a\u2019b",
        "a\u201cb",
        "$(Get-Date)",
        "${x}",
        "`$x",
        "a;b",
        "a|b",
        "a&b",
        "a\nb",
        "a\r",
        "a\0",
    ),
    *(
        "@{a=1}",
        "{ls}",
        "(ls)",
        "a>b",
        "a<b",
        "\u202ea",
        "\u212aiosk",
        "caf\u00e9",
        "-Force",
        "%TEMP%",
        "a,b",
        "#",
        "[a]",
    ),
)


@pytest.mark.parametrize(("version", "name"), EVERY)
def test_no_value_gets_in_that_could_ever_be_more_than_a_value(version: str, name: str) -> None:
    function = VISIBLE[version][name]
    for key, one in function.parameters.items():
        assert one.type != "string" or not [text for text in HOSTILE if accepts(name, key, text, version)]


def test_whatever_rows_will_send_has_a_function_that_says_what_it_does_and_lets_in_values_only() -> None:
    for name, function in WHOLE.items():
        for key, one in function.parameters.items():
            assert one.type != "string" or not [text for text in HOSTILE if taken(function, key, text)], (name, key)
    assert {name for name in CMDLETS if Cmdlet(name).writes} <= set(WHOLE)


def accepts(name: str, key: str, value: object, version: str = "2019") -> bool:
    return taken(VISIBLE[version][name], key, value)


def taken(function: Function, key: str, value: object) -> bool:
    try:
        bound(function, {key: value})
    except Refused as no:
        if no.id == "MissingMandatoryParameter":
            return True
        assert no.id.startswith(("ParameterArgumentValidationError", "CannotConvertArgument")), no
        return False
    return True


FOLDER = "C:\\Switchback"


@pytest.mark.parametrize("name", ["a.zip", "A-1.xml", "0.tmp", f"{'a' * 60}.zip", "console.zip", "com.zip"])
def test_a_file_of_the_folder_is_let_in(name: str) -> None:
    for function, key in (("Import-CsRgsConfiguration", "FileName"), ("Set-SwitchbackPiece", "Path")):
        assert accepts(function, key, f"{FOLDER}\\{name}")
    for function in ("Get-SwitchbackDigest", "Get-SwitchbackPiece", "Remove-SwitchbackFile"):
        assert accepts(function, "Path", f"{FOLDER}\\{name}")


FOREIGN = (
    *("", "..", ".", "-a.zip", "a.b.zip", "a_b.zip", "a.ps1", "a.ZIP", "a.zip ", "a zip", "A~1.ZIP", f"{'a' * 61}.zip"),
    *(
        "CON.zip",
        "nul.xml",
        "Com1.zip",
        "LPT9.tmp",
        "aux.zip",
        "a.zip\n",
        "a.zip:x",
        "*.zip",
        "sub\\a.zip",
        "..\\a.zip",
    ),
    *("a\u212a.zip", "\uff41.zip"),
)
ELSEWHERE = (
    *("a.zip", "C:a.zip", "c:\\Switchback\\a.zip", "C:/Switchback/a.zip", "C:\\Switchback\\\\a.zip"),
    *("C:\\SwitchbackX\\a.zip", "D:\\Switchback\\a.zip", "C:\\Switchbac\u212a\\a.zip", "\\\\fs\\x\\a.zip"),
    *("\\\\?\\C:\\Switchback\\a.zip", "\\\\.\\C:\\Switchback\\a.zip", "FileSystem::C:\\Switchback\\a.zip"),
    *(f"{STORE}\\a.zip", f"{STORE}\\a.wav"),
)


@pytest.mark.parametrize("path", [*(f"{FOLDER}\\{name}" for name in FOREIGN), *ELSEWHERE])
def test_no_other_file_is_written_or_handed_to_a_cmdlet(path: str) -> None:
    for function, key in (
        *(("Import-CsRgsConfiguration", "FileName"), ("Export-CsRgsConfiguration", "FileName")),
        *(("Set-SwitchbackPiece", "Path"), ("Remove-SwitchbackFile", "Path")),
    ):
        assert not accepts(function, key, path)


READ = ("Get-SwitchbackDigest", "Get-SwitchbackPiece")


@pytest.mark.parametrize(
    "name", ["a.wav", "CPS\\b.WMA", "RGS\\AS\\Musique d’attente (été).wma", "a.b.wav", "Über $uns.wav"]
)
def test_a_recording_of_a_file_store_is_read(name: str) -> None:
    assert all(accepts(function, "Path", f"{STORE}\\{name}") for function in READ)
    assert accepts("Get-SwitchbackFile", "Path", f"{STORE}\\{name}".rpartition("\\")[0])


NO_SOUNDS = (
    *("a.zip", "a.wav.exe", "a", "a.wav\n", "a.wav:x", "a.wav ", "a.wav.", "a/b.wav", "a*.wav", "a?.wav", 'a".wav'),
    *("..\\a.wav", "x\\..\\..\\a.wav", ".\\a.wav", "\\a.wav", "x \\a.wav", "x.\\a.wav", " a.wav"),
    *("CON.wav", "aux\\a.wav", "nul .wav", "com\u00b9.wav", "a\0.wav", "a\u2028.wav", "a.wa\u212a"),
)


@pytest.mark.parametrize("name", NO_SOUNDS)
def test_nothing_else_of_a_file_store_is(name: str) -> None:
    assert not any(accepts(function, "Path", f"{STORE}\\{name}") for function in READ)


def test_only_the_folders_that_were_named_are_listed() -> None:
    for path in (FOLDER, STORE, f"{STORE}\\CPS", f"{STORE}\\RGS\\AS"):
        assert accepts("Get-SwitchbackFile", "Path", path)
    for path in (
        "C:\\",
        "C:\\Windows",
        f"{FOLDER}\\x",
        f"{STORE}X",
        f"{STORE}\\..",
        STORE.rpartition("\\")[0],
        f"{STORE}\\",
    ):
        assert not accepts("Get-SwitchbackFile", "Path", path)
    assert accepts("Get-SwitchbackFolder", "Path", FOLDER) and not accepts("Get-SwitchbackFolder", "Path", STORE)


SERVICE = "service:ApplicationServer:pool-b.contoso.com"


@pytest.mark.parametrize(
    ("name", "key", "right", "wrong"),
    [
        ("Get-CsRgsQueue", "Identity", SERVICE, SERVICE.removeprefix("service:")),
        ("Get-CsRgsQueue", "Owner", f"{SERVICE}/6f7c2a5e-0a4e-4b2f-9a1c-0123456789ab", f"{SERVICE}/1"),
        ("Invoke-CsPoolFailOver", "PoolFqdn", "pool-a.contoso.com", "pool-a.contoso.com\n"),
        ("Invoke-CsPoolFailOver", "DisasterMode", True, "no"),
        ("Get-CsRegistrarConfiguration", "Filter", "service:Registrar:pool-a.contoso.com", "*"),
        ("Get-CsBackupServiceStatus", "Category", "RGS", "R G"),
        ("Get-CsRgsQueue", "Batch", 100, 0),
        ("Get-SwitchbackPiece", "At", str(2**40), "-1"),
        ("Get-SwitchbackPiece", "Size", 1024, 2**30),
        ("Set-SwitchbackPiece", "Bytes", b"x", b""),
        ("Get-SwitchbackParameter", "Command", "Import-CsRgsConfiguration", "Get-Process"),
    ],
)  # fmt: skip
def test_a_value_has_to_be_of_its_kind(name: str, key: str, right: object, wrong: object) -> None:
    assert accepts(name, key, right) and not accepts(name, key, wrong)


HOST = "pool-a.contoso.com"


@pytest.mark.parametrize(
    ("name", "key", "right", "wrong"),
    [
        ("Get-CsUser", "Filter", f'RegistrarPool -eq "{HOST}"', f'RegistrarPool -eq "{HOST}" -or Name -eq "{HOST}"'),
        ("Get-CsUser", "Filter", f'RegistrarPool -eq "{HOST}"', f"{{RegistrarPool -eq \"{HOST}\"}}"),
        ("Get-CsUserPoolInfo", "Identity", "sip:anna.b@contoso.com", "contoso\\anna"),
        ("Set-CsRegistrarConfiguration", "Identity", f"service:Registrar:{HOST}", f"service:Registrar:{HOST} "),
        ("Set-CsRegistrarConfiguration", "PoolState", "Active", "Active,FailedOver"),
        ("Set-CsEdgeServer", "Identity", "EdgeServer:edge.contoso.com", "EdgeServer:*"),
        ("Set-CsEdgeServer", "Registrar", f"Registrar:{HOST}", HOST),
        ("Set-CsSite", "Identity", "North America", "site:North America"),
        ("Set-CsSite", "XmppFederationRoute", "EdgeServer:edge.contoso.com", "edge.contoso.com"),
        ("Invoke-CsBackupServiceSync", "BackupModule", "ConfServices.DataConf", "ConfServices."),
        ("Set-CsBackupServiceConfiguration", "SyncInterval", "00:03:00", "3 minutes"),
        ("Set-CsBackupServiceConfiguration", "EnableRgsBackupService", False, "False"),
        ("Set-CsRgsConfiguration", "AgentRingbackGracePeriod", 60, 2**15),
        ("Get-CsWindowsService", "ComputerName", "fe1.contoso.com", "\\\\fe1"),
        ("Get-CsPoolFabricState", "PoolFqdn", HOST, "pool-a"),
    ],
)  # fmt: skip
def test_a_value_of_the_procedures_has_to_be_of_its_kind(name: str, key: str, right: object, wrong: object) -> None:
    assert taken(WHOLE[name], key, right) and not taken(WHOLE[name], key, wrong)


def test_an_edition_is_of_the_functions_and_of_nothing_that_a_site_chooses() -> None:
    other = written(Setup("2019", "A\\b", "C\\d", "D:\\Exports"), SENT)
    assert f"$script:Edition = '{edition('2019', SENT)}'" in decoded("", other["Switchback.psm1"])
    assert f"$script:Edition = '{edition('2019', SENT)}'" in text_of("Switchback.psm1")
    assert len({edition(version, SENT) for version in ALL_VERSIONS}) == len(ALL_VERSIONS)
    assert written(SETUP, SENT) == FILES["2019"]


GOOD: Mapping[str, object] = {"version": "2019", "account": SETUP.account, "caller": SETUP.caller, "stores": (STORE,)}


@pytest.mark.parametrize(
    ("key", "value", "named"),
    [
        *(("version", version, "--server") for version in ("", "2012", "2019\n")),
        *(
            ("account", name, "--account")
            for name in ("", "gmsa", "C\\a'b", "C\\a\n", "C\\$(x)", "C\\a\u2019", "C\\a$")
        ),
        *(("caller", name, "--caller") for name in ("", "svc", "C\\*", "C\\a'; x", "C\\a»b")),
        *(
            ("folder", name, "--exchange")
            for name in ("C:\\", "\\\\fs\\x", "C:\\a'b", "C:\\..\\a", "C:\\a\\", "C:\\«b»")
        ),
        *(("stores", (name,), "--store") for name in ("", "\\\\fs\\x", "\\\\fs\\x\\..", "\\\\fs\\a'b\\c")),
        *(("stores", (name,), "lie within each other") for name in (FOLDER, f"{FOLDER}\\x")),
    ],
)
def test_what_could_not_stand_in_a_script_is_refused(key: str, value: object, named: str) -> None:
    with pytest.raises(BadInput, match=named):
        Setup(**{**GOOD, key: value})  # type: ignore[arg-type]


def test_whatever_registering_refuses_it_refuses_before_it_changes_anything() -> None:
    text = text_of(REGISTER)
    begun = text.index("if (-not (Test-Path -LiteralPath $folder)) {")
    before = re.sub(r"^if \(\$Remove\) \{.*?^\}$", "", text[:begun], flags=re.DOTALL | re.MULTILINE)
    assert not {one[0] for one in commands(before)} & CHANGES and before.count("throw ") == text.count("throw ")
    thrown = [line.rstrip(" }") for line in before.splitlines() if "throw " in line]
    assert all(line.endswith(("Nothing was changed.'", 'Nothing was changed."')) for line in thrown)
    for wanted in ("DisableRunAs", "Win32_Share", "RTCUniversalServerAdmins", "Test-PSSessionConfigurationFile"):
        assert wanted in before
    # What would fail by itself: an account without an identifier. And a share of what lies in the folder shows it, too.
    # The rights of the folder are replaced: never those of one that others use.
    assert "$foreign = @(Get-ChildItem -LiteralPath $folder" in before and "if ($foreign) { throw" in before
    assert "$worker = " in before and "Translate(" in before and "$shared.StartsWith($ours" in before
    assert {one[0] for one in commands(text[begun:])} >= CHANGES


def test_no_powershell_takes_the_functions_for_cmdlets_by_itself() -> None:
    assert "Modules" not in HOME and f"'{HOME}\\Switchback.psm1'" in text_of("Switchback.psrc")
    copied = [one for one in commands(text_of(REGISTER)) if one[0] == "Copy-Item"]
    assert ["RoleCapabilities" in " ".join(one) for one in copied] == [".psrc" in " ".join(one) for one in copied]


def test_the_page_explains_every_line_that_is_signed() -> None:
    page = text_of(PAGE)
    for name in ("Switchback.pssc", "Switchback.psrc"):
        assert all(f"`{key}" in page for key in keys(text_of(name)))
    for name, function in VISIBLE["2019"].items():
        row = next(line for line in page.splitlines() if line.startswith(f"| `{name}` |"))
        assert all(f"`{key}`" in row for key in function.parameters)
        for one in function.parameters.values():
            assert all(check.replace("|", "\\|") in page for check in one.checks if "Validate" in check)
    helpers = set(functions(text_of("Switchback.psm1"))) - set(VISIBLE["2019"])
    assert all(f"`{name}`" in page for name in helpers)
    for name, data in FILES["2019"].items():
        assert (hashlib.sha256(data).hexdigest() in page) == (name != PAGE)
