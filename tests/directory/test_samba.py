"""Where no domain controller can be started, its tests say why they are skipped; under CI they fail instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.directory.samba import domain_controller


def test_what_is_missing_is_said_and_never_skipped_under_ci(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CI", raising=False)
    assert _refused(tmp_path).startswith("Skipped: a real domain controller needs Debian's samba, ")
    monkeypatch.setenv("CI", "true")
    assert _refused(tmp_path).startswith("Nothing is skipped here, but a real domain controller needs Debian's samba, ")


def _refused(folder: Path) -> str:
    """In which words it is not started; a skip that left this function would pass for a test that holds."""
    with pytest.raises((AssertionError, pytest.skip.Exception)) as refused, domain_controller(folder):
        raise KeyError("it starts without a program")
    return str(refused.value)
