"""The drawings of pages, and Mermaid itself to read them: for scripts/docs."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def found_in(root, files):
    """The Mermaid blocks of the pages, each with where it begins."""
    for page in files:
        if page.suffix != ".md":
            continue
        block, fence = None, None
        for number, line in enumerate((root / page).read_text(encoding="utf-8").split("\n"), 1):
            mark = re.match(r"\s*(```+|~~~+)\s*(\w*)", line)
            if fence is None and mark:
                fence = mark.group(1)
                block = [] if mark.group(2) == "mermaid" else None
                start = number + 1
            elif fence is not None and mark and mark.group(1).startswith(fence) and line.strip() == mark.group(1):
                if block is not None:
                    yield {"at": f"{page}:{start}", "text": "\n".join(block)}
                block, fence = None, None
            elif block is not None:
                block.append(line)


def fetch(root):
    """The folder that has Mermaid, of the hashes that its lock names; None where this machine can't fetch it."""
    lacking = [program for program in ("node", "npm") if shutil.which(program) is None]
    if lacking:
        reason = f"there is no {lacking[0]} on the path, so drawings are not checked and the site shows them as text"
        print(f"SKIPPED: drawings: {reason}", file=sys.stderr)
        if note := os.environ.get("ATTACHE_SKIPPED"):
            with open(note, "a", encoding="utf-8") as file:
                file.write(f"drawings\t{reason}\n")
        return None
    sources = ("package.json", "package-lock.json", "parse.mjs")
    digest = hashlib.sha256(b"".join((HERE / name).read_bytes() for name in sources)).hexdigest()[:16]
    folder = Path(os.environ.get("CARGO_TARGET_DIR", root / "target")) / f"mermaid-{digest}"
    if not folder.is_dir():
        made = folder.with_name(f"{folder.name}.{os.getpid()}")
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir(parents=True)
        for name in sources:
            shutil.copyfile(HERE / name, made / name)
        # `ci` takes what the lock names, and refuses what has another hash.
        command = ["npm", "ci", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"]
        fetched = subprocess.run(command, cwd=made, stdout=sys.stderr, check=False)
        if fetched.returncode:
            sys.exit("error: npm could not fetch Mermaid\n  the message is above; scripts/mermaid/package-lock.json pins it")
        made.rename(folder)
    return folder


def faults(root, files, folder):
    """Every fault among the drawings of the pages."""
    found = list(found_in(root, files))
    told = []
    if len(found) < 3:
        told.append(f"only {len(found)} drawings were found")
    command = ["node", folder / "parse.mjs"]
    parsed = subprocess.run(command, input=json.dumps(found), stdout=subprocess.PIPE, text=True, check=False)
    if parsed.returncode:
        sys.exit("error: the drawings could not be checked\n  the message is above")
    told += parsed.stdout.splitlines()
    print(f"{len(found)} drawings, {'no' if not told else 'with'} faults")
    return told
