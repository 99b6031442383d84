"""The two small libraries that stand between the hub and the system, made with the compiler of this machine."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path


class NotHere(Exception):
    """This machine cannot make this fault; the text says why."""


def library(name: str, folder: Path) -> Path:
    """Compile `<name>.c` for LD_PRELOAD.

    Raises:
        NotHere
    """
    compiler = shutil.which("cc")
    if sys.platform != "linux" or compiler is None:
        raise NotHere("it needs Linux and a C compiler (cc)")
    made = folder / f"{name}.so"
    source = Path(__file__).with_name(f"{name}.c")
    command = [compiler, "-shared", "-fPIC", "-O2", "-Wall", "-o", made, source, "-ldl", "-lpthread"]
    subprocess.run(command, check=True)
    return made
