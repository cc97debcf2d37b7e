"""What a start does not need is not loaded before the first click is answered."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
LATE = (
    "apscheduler",
    "bot.sandbox",
    "cryptography.hazmat",
    "ldap3",
    "matplotlib",
    "numpy",
    "obstore",
    "pypsrp",
    "requests",
)
"""Each takes as long to load as a whole floor of the house, and is loaded when somebody wants something of it."""


def test_what_a_start_does_not_need_is_loaded_late() -> None:
    rooms = "import sys, bot.drivers.winrm.driver; from bot.__main__ import imported_app; imported_app()"
    text = f"{rooms}; print(*sys.modules, sep='\\n')"
    loaded = subprocess.run([sys.executable, "-c", text], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert "slack_bolt" in loaded.split()
    assert not set(LATE) & set(loaded.split())
