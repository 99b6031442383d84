"""`python -m benchmarks.chaos`: every fault, one after the other; exit code 1 if something does not hold."""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
from pathlib import Path

import uvloop

from benchmarks.chaos import report
from benchmarks.chaos.faults import FAULTS, Fault
from benchmarks.chaos.native import NotHere
from benchmarks.chaos.scene import Form, Result


def main() -> int:
    """Run them, print the table, write the report of a whole long run."""
    names = [fault.__name__ for fault in FAULTS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chaos", description=__doc__)
    parser.add_argument("--short", action="store_true", help="less of everything; nothing is written")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1 << 32), help="what the choices come from")
    parser.add_argument("--only", choices=names, action="append", help="not all of them; nothing is written")
    given = parser.parse_args()
    results, skipped = [], {}
    with tempfile.TemporaryDirectory(prefix="chaos-", ignore_cleanup_errors=True) as folder:
        form = Form(Path(folder), given.seed, long=not given.short)
        about = {**report.machine(form.folder), "seed": str(form.seed)}
        for fault in FAULTS:
            if given.only and fault.__name__ not in given.only:
                continue
            print(f"{fault.__name__} ...", file=sys.stderr, flush=True)
            try:
                results.append(uvloop.run(fault(form)))
            except NotHere as error:
                skipped[fault.__name__] = str(error)
            except Exception as error:
                results.append(Result(fault.__name__, problems=[f"{type(error).__name__}: {error}"]))
            for problem in results[-1].problems if results else ():
                print(f"  does not hold: {problem}", file=sys.stderr, flush=True)
    print(report.table(results))
    print(f"seed {form.seed}", *(f"{name} was left out: {why}" for name, why in skipped.items()), sep="\n")
    if form.long and not given.only:
        about |= {f"left out: {name}": why for name, why in skipped.items()}
        report.write(results, about, {fault.__name__: title(fault) for fault in FAULTS})
    return 1 if any(result.problems for result in results) else 0


def title(fault: Fault) -> str:
    """What a fault does: the docstrings of its file and of its function."""
    doc = sys.modules[fault.__module__].__doc__ or ""
    return f"{doc} {fault.__doc__ or ''}".strip()


if __name__ == "__main__":
    sys.exit(main())
