"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
from contextlib import suppress
from pathlib import Path


def create_file(path: Path, data: bytes) -> bool:
    """Put a file where nothing is, in folders that are made where they are missing; False where something is there.

    Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if os.path.lexists(path):
        return False
    replace_file(path, data)
    return True


def replace_file(path: Path, data: bytes) -> None:
    """Put a file at the path, in place of one that may be there and whose permissions it takes over. Raises OSError."""
    staged = path.with_name(f".qplan-{secrets.token_hex(6)}")
    try:
        with open(staged, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileNotFoundError):
            shutil.copymode(path, staged)
        os.replace(staged, path)
    finally:
        staged.unlink(missing_ok=True)
