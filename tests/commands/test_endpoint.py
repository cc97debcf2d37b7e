"""`python -m bot endpoint` writes a whole endpoint into a new folder, or nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.commands.endpoint import SENT
from bot.domain.deployment.endpoints import Access, endpoints
from bot.drivers.winrm.constrained.files import REGISTER, edition, written
from bot.drivers.winrm.constrained.setup import Setup
from tests.drivers.wsman.constrained import decoded

ASKED = ("--server", "2015", "--account", "CONTOSO\\gmsa$", "--caller", "CONTOSO\\svc")


def test_every_file_is_written_and_their_edition_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stores = ("\\\\fs\\lync\\1-ApplicationServer-1", "\\\\fs\\lync\\2-ApplicationServer-2")
    more = [word for store in stores for word in ("--store", store)]
    assert main(["endpoint", str(tmp_path / "new"), *ASKED, "--exchange", "D:\\Exports", *more], {}) == 0

    files = {one.name: one.read_bytes() for one in (tmp_path / "new").iterdir()}
    assert files == written(Setup("2015", "CONTOSO\\gmsa", "CONTOSO\\svc", "D:\\Exports", stores), SENT)
    said = capsys.readouterr().out
    assert edition("2015", SENT) in said and all(name in said for name in files)


def test_a_folder_with_something_in_it_stays_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine").write_text("mine")
    assert main(["endpoint", str(tmp_path), *ASKED], {}) == 2
    assert [one.name for one in tmp_path.iterdir()] == ["mine"]
    assert capsys.readouterr().err == (
        f"{tmp_path} has something in it already. Name a new folder; nothing was written.\n"
    )


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert main(["endpoint", str(tmp_path / "file" / "new"), *ASKED], {}) == 2
    assert "cannot be written: Not a directory" in capsys.readouterr().err


def test_what_is_missing_is_asked_for_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["endpoint", str(tmp_path / "new")], {}) == 2
    assert re.findall(r"Say with (--\w+)", capsys.readouterr().err) == ["--server", "--account", "--caller"]
    assert not (tmp_path / "new").exists()


def test_it_is_registered_under_the_name_that_the_configuration_asks_for() -> None:
    signs_in = ("account", "method", "ca_file", "certificate", "key", "keytab", "proxy", "password_file")
    row = {"url": "https://fe1", "pools": ("p",), "access": "constrained", "configuration": "", "front_end_of": ""}
    ((endpoint,),) = endpoints(dict.fromkeys(signs_in, ""), [row], {"p": "2019"}).values()
    script = written(Setup("2019", "C\\gmsa", "C\\svc"), SENT)[REGISTER]
    assert endpoint.access is Access.CONSTRAINED
    assert f"\n$name = '{endpoint.configuration}'\n" in decoded(REGISTER, script)
