"""Everything that an attack wants and must not get: files, a process, sockets; each with a canary in it."""

from __future__ import annotations

import hashlib
import os
import resource
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import grader

ROOT = Path(__file__).resolve().parents[2]
PLACES = ("labels", "reference", "memory", "environment", "sibling", "home", "decoy", "gradebook")
_ENVIRONMENT = "GRADER_TOKEN"


@dataclass
class Canaries:
    """The ground with all that lies on it. `tokens` are secrets by the place where they are kept."""

    folder: Path
    token: str  # of this run, no secret: names whatever an attack leaves behind
    path_token: str  # in the path of the course, which no report may quote
    tokens: dict[str, str]
    ears: Ears
    decoy: subprocess.Popen[bytes]
    before: dict[str, object] = field(default_factory=dict)

    @property
    def course(self) -> Path:
        """A copy of the course, with canaries in its solutions."""
        return self.folder / f"course-{self.path_token}"

    def place(self, tier: int) -> bytes:
        """The module `place` that every attack is given: where everything is."""
        facts = {
            "TOKEN": self.token,
            "TIER": tier,
            "GROUND": str(self.folder),
            "LABELS": str(self.folder / "hidden/labels.csv"),
            "REFERENCE": str(self.course / "reference"),
            "SIBLING": str(self.folder / "submissions/alice"),
            "GRADEBOOK": str(self.folder / "gradebook.csv"),
            "RESULTS": str(self.folder / "results.json"),
            "HOME": str(self.folder / "home"),
            "CHECKOUT": str(ROOT),
            "PACKAGE": str(Path(grader.__file__).parent),
            "GRADER_PID": os.getpid(),
            "DECOY_PID": self.decoy.pid,
            **self.ears.addresses,
        }
        return "".join(f"{name} = {value!r}\n" for name, value in facts.items()).encode()

    def remember(self) -> None:
        """From now on, everything must stay as it is."""
        self.before = self._look()

    def harm(self) -> list[str]:
        """What has changed since then, and whom an attack has talked to. What it left behind is taken away."""
        now = self._look()
        changed = [key for key in {**self.before, **now} if self.before.get(key) != now.get(key)]
        left = [str(path) for path in self._left_behind()]
        for name in left:
            with suppress(OSError):
                shutil.rmtree(name) if os.path.isdir(name) and not os.path.islink(name) else os.unlink(name)
        self.before = self._look() if changed or left else now
        return [f"changed: {key}" for key in sorted(changed)] + [f"left: {name}" for name in left] + self.ears.heard()

    def _look(self) -> dict[str, object]:
        files = (path for path in self.folder.rglob("*") if not path.is_socket())
        seen: dict[str, object] = {str(path.relative_to(self.folder)): _state(path) for path in files}
        for path in (ROOT / "reference").rglob("*"):
            seen[str(path)] = _stamp(path)
        for folder in _watched_folders():
            seen[f"listing of {folder}"] = tuple(sorted(os.listdir(folder)))
        seen["decoy"] = _process_state(self.decoy)
        seen["limits of the grader"] = tuple(resource.getrlimit(kind) for kind in range(16))
        seen["priority of the grader"] = (os.getpriority(os.PRIO_PROCESS, 0), tuple(os.sched_getaffinity(0)))
        return seen

    def _left_behind(self) -> Iterator[Path]:
        """Whatever an attack made outside its scratch folder: it puts the run's token into every name."""
        folders = {Path(tempfile.gettempdir()), Path("/dev/shm"), Path("/var/tmp"), Path("/"), Path.cwd(), Path.home()}
        for folder in folders | {Path(name) for name in _watched_folders()} | {Path(grader.__file__).parent}:
            with suppress(OSError):
                yield from (path for path in folder.iterdir() if self.token in path.name)
        yield from (path for path in self.folder.rglob("*") if self.token in path.name)


class Ears:
    """Servers of every kind on this machine. Nobody may ever knock."""

    def __init__(self, folder: Path, token: str, stack: ExitStack) -> None:
        self._sockets: dict[str, socket.socket] = {}
        self.addresses: dict[str, object] = {}
        self._open("TCP4", socket.AF_INET, socket.SOCK_STREAM, ("0.0.0.0", 0), stack)
        self._open("UDP4", socket.AF_INET, socket.SOCK_DGRAM, ("0.0.0.0", 0), stack)
        if socket.has_ipv6:
            with suppress(OSError):  # a machine without it
                self._open("TCP6", socket.AF_INET6, socket.SOCK_STREAM, ("::1", 0), stack)
        self._open("ABSTRACT", socket.AF_UNIX, socket.SOCK_STREAM, f"\0grader-{token}", stack)
        self._open("STREAM", socket.AF_UNIX, socket.SOCK_STREAM, str(folder / "stream.sock"), stack)
        self._open("DATAGRAM", socket.AF_UNIX, socket.SOCK_DGRAM, str(folder / "datagram.sock"), stack)
        self.addresses.setdefault("TCP6", 0)

    def heard(self) -> list[str]:
        """Who was talked to since the last time."""
        return [f"reached: {name}" for name, ear in self._sockets.items() if _knocked(ear)]

    def _open(self, name: str, family: int, kind: int, address: object, stack: ExitStack) -> None:
        ear = stack.enter_context(socket.socket(family, kind))
        ear.bind(address)  # type: ignore[arg-type]
        ear.setblocking(False)
        if kind == socket.SOCK_STREAM:
            ear.listen()
        bound = ear.getsockname()
        self.addresses[name] = bound[1] if isinstance(bound, tuple) else bound
        self._sockets[name] = ear


def _knocked(ear: socket.socket) -> bool:
    knocked = False
    with suppress(BlockingIOError):
        while True:
            if ear.type == socket.SOCK_STREAM:
                ear.accept()[0].close()
            else:
                ear.recv(1 << 16)
            knocked = True
    return knocked


@contextmanager
def laid_out(folder: Path) -> Iterator[Canaries]:
    """A fresh ground, and at the end nothing of it that runs."""
    token = secrets.token_hex(8)
    tokens = {place: f"CANARY-{place}-{secrets.token_hex(8)}" for place in PLACES}
    with ExitStack() as stack:
        stack.enter_context(_environment(_ENVIRONMENT, tokens["environment"]))
        stack.enter_context(_environment("HOME", str(folder / "home")))
        for name, content in _files(tokens).items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(content)
        decoy = _decoy(tokens["decoy"])
        stack.callback(_end, decoy)
        found = Canaries(folder, token, f"PATH-{secrets.token_hex(8)}", tokens, Ears(folder, token, stack), decoy)
        shutil.copytree(ROOT / "reference", found.course / "reference", ignore=shutil.ignore_patterns("mistakes"))
        for solution in found.course.rglob("solution.py"):
            solution.write_text(f"{solution.read_text()}\n# {tokens['reference']}\n")
        yield found


def _files(tokens: dict[str, str]) -> dict[str, str]:
    return {
        "hidden/labels.csv": f"image,label\n0,7\n# {tokens['labels']}\n",
        "submissions/alice/layers.py": f"# {tokens['sibling']}\nfrom torch.nn import Linear as linear_module\n",
        "gradebook.csv": f"student,points\nalice,{tokens['gradebook']}\n",
        "results.json": '{"score": 0}\n',
        "home/.canary": tokens["home"],
        "home/.ssh/id_ed25519": tokens["home"],
    }


@contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        del os.environ[name]
        if before is not None:
            os.environ[name] = before


def _decoy(token: str) -> subprocess.Popen[bytes]:
    """A process of the same user with a secret in its environment, its arguments and its memory; it ends by itself."""
    code = "import sys, time; kept = sys.argv[1] * 2; print(flush=True); time.sleep(3600)"
    decoy = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", code, token], env={"SECRET": token}, stdout=subprocess.PIPE, cwd="/"
    )
    assert decoy.stdout is not None
    decoy.stdout.readline()
    return decoy


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()
    if process.stdout:
        process.stdout.close()


def _process_state(process: subprocess.Popen[bytes]) -> tuple[object, ...]:
    """Whether it lives, untouched: neither signalled nor stopped nor traced, with its limits and its priority."""
    if process.poll() is not None:
        return ("dead",)
    folder = Path(f"/proc/{process.pid}")
    kept = ("State", "TracerPid", "SigPnd", "ShdPnd", "Cpus_allowed_list")
    status = [line for line in (folder / "status").read_text().splitlines() if line.split(":")[0] in kept]
    return (*status, (folder / "limits").read_text(), os.getpriority(os.PRIO_PROCESS, process.pid))


def _watched_folders() -> set[str]:
    """Where a module that is put there would be imported by everybody else."""
    return {name for name in sys.path if name.endswith("-packages")} | {os.path.dirname(os.__file__)}


def _stamp(path: Path) -> tuple[int, ...]:
    found = path.lstat()
    return (found.st_mode, found.st_size, found.st_mtime_ns, found.st_uid, found.st_nlink)


def _state(path: Path) -> tuple[object, ...]:
    digest = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
    return (*_stamp(path), digest)
