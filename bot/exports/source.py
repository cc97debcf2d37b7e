"""The file that an export lies in, or its bytes: what it fails to give is no damage of the export."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from bot.domain.errors import BadInput, Damaged

MOST_AT_ONCE = 8 * 1024 * 1024
"""Bytes that are read in one go at most: the whole table of contents is, before anything in it can be judged."""


class Source:
    """As much of a file as reading a zip needs."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file, self._name = file, name
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int = -1) -> bytes:
        """Raises Damaged for a table of contents larger than any export's, BadInput for a file that cannot be read."""
        if size > MOST_AT_ONCE:
            raise Damaged("The archive's table of contents is longer than that of any export.")
        try:
            return self._file.read(size)
        except OSError as fault:
            raise BadInput(
                f"{self._name} cannot be read: {fault.strerror}. That says nothing about the export in it."
            ) from fault


@contextmanager
def opened(source: bytes | Path) -> Iterator[Source]:
    """Raises BadInput when there is no such file, or it may not be read."""
    try:
        file = BytesIO(source) if isinstance(source, bytes) else source.open("rb")
    except (FileNotFoundError, IsADirectoryError, PermissionError) as fault:
        raise BadInput(f"There is no file {source} that can be read.") from fault
    except OSError as fault:
        raise BadInput(f"{source} cannot be read: {fault.strerror}.") from fault
    with file:
        yield Source(file, str(source)[:400] if isinstance(source, Path) else "The export")
