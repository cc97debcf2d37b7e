"""The README's pictures are made by one command, from the demo as it is."""

import asyncio
import re
import subprocess
import sys

import pytest
from PIL import Image

from tests.browser.picture import DESK, FILM, PICTURE, ROOT, TELEPHONE
from tests.patience import PATIENCE_S

LARGEST = 1_000_000
"""Bytes: whoever opens the README fetches both."""

FRAMES = 6

pytestmark = pytest.mark.asyncio(loop_scope="module")


def sizes(screen):
    scale = screen.get("device_scale_factor", 1)
    return tuple(screen["viewport"][side] * scale for side in ("width", "height"))


@pytest.mark.usefixtures("chromium")
async def test_one_command_makes_both_pictures(tmp_path):
    recipe = re.compile(r"^picture:.*\n\t@\$\(BIN\)/python (.+)$", re.MULTILINE)
    (command,) = recipe.findall((ROOT / "Makefile").read_text("utf-8"))
    argv = [sys.executable, *command.split(), tmp_path]
    await asyncio.to_thread(subprocess.run, argv, cwd=ROOT, check=True, timeout=10 * PATIENCE_S)

    for folder in (tmp_path, ROOT):
        picture, film = Image.open(folder / PICTURE), Image.open(folder / FILM)
        assert (picture.format, picture.size) == ("PNG", sizes(DESK))
        assert (film.format, film.size, film.n_frames) == ("WEBP", sizes(TELEPHONE), FRAMES)
        assert all((folder / name).stat().st_size < LARGEST for name in (PICTURE, FILM))
    assert all(name in (ROOT / "README.md").read_text("utf-8") for name in (PICTURE, FILM))
