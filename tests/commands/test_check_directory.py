"""`python -m bot check` asks the directory itself, says what is well, and names what is not."""

from __future__ import annotations

from pathlib import Path

from bot.domain.forest import PASSWORD
from tests.commands.test_command_line import python_m_bot
from tests.directory import contents
from tests.directory.contents import address
from tests.directory.samba import Domain


def checked(domain: Domain, folder: Path, account: str, more: str = "", **changed: str) -> tuple[int, list[str]]:
    """The exit code of `check`, and what it says of the directory."""
    said = {"controllers": f'["{domain.address}"]', "base": f'"{contents.BASE}"', "ca_file": f'"{domain.ca_file}"'}
    said |= {"account": f'"{account}"', **changed}
    file = folder / "switchback.toml"
    lines = ("[directory]", *(f"{key} = {value}" for key, value in said.items()), more)
    file.write_text("\n".join(lines), "utf-8")
    ended = python_m_bot("check", SWITCHBACK_CONFIG=str(file), SWITCHBACK_DATA=str(folder), **{PASSWORD: SECRET})
    assert SECRET not in ended.stdout + ended.stderr and ended.stderr == ""
    lines = ended.stdout.splitlines()
    assert not any("under [roles." in line for line in lines), "people are asked for in the file as well"
    other = ("SLACK_", "Slack cannot", "The configuration file names no pools", "No channel for")
    return ended.returncode, [line for line in lines if not line.startswith(other)]


SECRET = contents.PASSWORD


def test_what_is_well_is_said_with_how_many_people_hold_a_role(domain: Domain, tmp_path: Path) -> None:
    code, lines = checked(domain, tmp_path, address(contents.BOT))
    assert code == 1, "Slack is still missing"
    assert lines[:2] == [
        f"{domain.address}:636 answers.",
        f"The certificate of {domain.address}:636 is to be trusted, until {domain.certified_until:%Y-%m-%d}.",
    ]
    assert lines[2] == f"{domain.address}:636 accepts the bot's own account, switchback@contoso.test."
    assert lines[3] == f"{domain.address}:636 knows “DC=contoso,DC=test”."
    assert [line.partition(" (")[0] for line in lines[4:]] == [
        "4 people hold RTCUniversalServerAdmins through the group RTCUniversalServerAdmins",
        "7 people hold CsResponseGroupAdministrator through the group CsResponseGroupAdministrator",
    ]


def test_what_is_not_well_is_named(domain: Domain, tmp_path: Path) -> None:
    _, (refused,) = checked(domain, tmp_path, address(contents.BOT_EXPIRED))
    assert refused == f"{domain.address}:636 does not accept the bot's own account: it has expired."
    (tmp_path / "ca.pem").write_text("")
    _, (authorities,) = checked(domain, tmp_path, address(contents.BOT), ca_file=f'"{tmp_path}/ca.pem"')
    assert authorities == f"The file {tmp_path}/ca.pem with authorities cannot be read: it holds no certificate."


def test_a_table_by_which_too_few_could_finish_is_named_with_how_many_the_directory_knows(
    domain: Domain, tmp_path: Path
) -> None:
    groups = '[directory.groups]\nRTCUniversalServerAdmins = ["Tier Three"]\n'
    needs = '[[needs]]\nrunbook = "failback"\nrow = "import"\nrole = "RTCUniversalServerAdmins"\n'
    _, lines = checked(domain, tmp_path, address(contents.BOT), groups + needs)
    (said,) = [line for line in lines if line.startswith("Nobody could finish")]
    assert said == (
        "Nobody could finish a failback: its row import takes 2 of those who hold RTCUniversalServerAdmins, "
        "and only 1 of them is known."
    )
    _, lines = checked(domain, tmp_path, address(contents.BOT), needs.replace("import", "imprt"))
    assert sum("the row “imprt”, which failback has not" in line for line in lines) == 1
