"""Where no domain controller can be started, its tests say why they are skipped; under CI they fail instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.directory.samba import domain_controller


def test_what_is_missing_is_said_and_never_skipped_under_ci(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CI", raising=False)
    said = "a real domain controller needs Debian's samba, "
    with pytest.raises(pytest.skip.Exception, match=f"Skipped: {said}"), domain_controller(tmp_path):
        raise AssertionError("it starts without a program")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(AssertionError, match=f"Nothing is skipped here, but {said}"), domain_controller(tmp_path):
        raise AssertionError("it starts without a program")
