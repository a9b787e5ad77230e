"""What cannot lie in a repository, made by code: links, pipes, devices, archives, huge files, foreign encodings."""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import py_compile
import socket
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

HONEST = "from torch.nn import Linear as linear_module\n"
WRONG = "from victim import Wrong as linear_module\n"
_EVIL = "from target import breach\nbreach('it was run')\n"

Meanwhile = Callable[[], None] | None
Setup = Callable[[Path, Any], Meanwhile]
SETUPS: dict[str, Setup] = {}


def setup(make: Callable[[Path, Any], Any]) -> Setup:
    """Enter a function under its name. It gets the attack's folder and the ground; what it returns is called between
    collecting and grading."""
    SETUPS[make.__name__] = make
    return make


def state_of(folder: Path) -> dict[str, tuple[object, ...]]:
    """Everything in a folder, so that a change shows."""
    return {str(path): _state(path) for path in folder.rglob("*")}


def _state(path: Path) -> tuple[object, ...]:
    found = path.lstat()
    small = stat.S_ISREG(found.st_mode) and found.st_blocks < 1 << 16
    digest = hashlib.sha256(path.read_bytes()).hexdigest() if small and found.st_size < 1 << 26 else ""
    return (found.st_mode, found.st_size, found.st_mtime_ns, digest)


@setup
def link_to_labels(folder: Path, ground: Any) -> None:
    """The file to be graded is a link to what is secret."""
    (folder / "layers.py").symlink_to(ground.canaries.folder / "hidden/labels.csv")


@setup
def link_to_sibling(folder: Path, ground: Any) -> None:
    """The file to be graded is a link to somebody else's good work."""
    (folder / "layers.py").symlink_to(ground.canaries.folder / "submissions/alice/layers.py")


@setup
def link_to_folder(folder: Path, ground: Any) -> None:
    """A folder is a link to somebody else's submission."""
    (folder / "work").symlink_to(ground.canaries.folder / "submissions/alice")


@setup
def link_to_zero(folder: Path, ground: Any) -> None:
    """The file to be graded never ends."""
    (folder / "layers.py").symlink_to("/dev/zero")


@setup
def link_to_itself(folder: Path, ground: Any) -> None:
    """A link that leads nowhere, and a folder that holds itself."""
    (folder / "layers.py").symlink_to("layers.py")
    (folder / "work").symlink_to(".")


@setup
def pipe(folder: Path, ground: Any) -> None:
    """The file to be graded is a pipe that nobody writes to."""
    os.mkfifo(folder / "layers.py")


@setup
def door(folder: Path, ground: Any) -> None:
    """The file to be graded is a socket."""
    here = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(f"/proc/self/fd/{here}/layers.py")  # paths of sockets must be short
    finally:
        os.close(here)


@setup
def device(folder: Path, ground: Any) -> None:
    """The file to be graded is an endless device."""
    os.mknod(folder / "layers.py", 0o644 | stat.S_IFCHR, os.makedev(1, 5))


@setup
def folder_for_file(folder: Path, ground: Any) -> None:
    """A folder is called as the file to be graded."""
    (folder / "layers.py").mkdir()
    (folder / "layers.py/__init__.py").write_text(_EVIL)


@setup
def unreadable(folder: Path, ground: Any) -> None:
    """A file that may not be read."""
    (folder / "layers.py").write_text(HONEST)
    (folder / "layers.py").chmod(0)


@setup
def deep(folder: Path, ground: Any) -> None:
    """Folders inside each other, more than any submission has."""
    here = os.open(folder, os.O_RDONLY)
    for _ in range(150):
        os.mkdir("d", dir_fd=here)
        here, last = os.open("d", os.O_RDONLY, dir_fd=here), here
        os.close(last)
    os.close(here)


def _zip(path: Path, members: dict[str, bytes], kinds: dict[str, int] | None = None) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = ((kinds or {}).get(name, stat.S_IFREG) | 0o644) << 16
            archive.writestr(entry, content)


@setup
def zip_traversal(folder: Path, ground: Any) -> None:
    """An archive whose entries climb out of it."""
    token = ground.canaries.token
    names = [f"../../{token}.py", f"/tmp/{token}.py", f"C:\\{token}.py", f"..\\..\\{token}.py", "layers.py"]
    _zip(folder / "work.zip", dict.fromkeys(names, HONEST.encode()))


@setup
def zip_bomb(folder: Path, ground: Any) -> None:
    """Fifty megabytes in next to nothing, and an archive in an archive."""
    with zipfile.ZipFile(folder / "work.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open("layers.py", "w", force_zip64=True) as member:
            for _ in range(50):
                member.write(bytes(1 << 20))
        archive.writestr("more.zip", b"PK")


@setup
def zip_that_lies(folder: Path, ground: Any) -> None:
    """An archive whose header tells another size than its content has."""
    _zip(folder / "work.zip", {"layers.py": HONEST.encode()})
    data = bytearray((folder / "work.zip").read_bytes())
    for at in (22, 18):
        data[at : at + 4] = (7).to_bytes(4, "little")
    (folder / "work.zip").write_bytes(bytes(data))


@setup
def archive_of_links(folder: Path, ground: Any) -> None:
    """Archives with links, hard links, devices and pipes, and a file that is written through a link."""
    gradebook = str(ground.canaries.folder / "gradebook.csv")
    _zip(folder / "work.zip", {"layers.py": gradebook.encode()}, {"layers.py": stat.S_IFLNK})
    with tarfile.open(folder / "work.tar", "w") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
            entry = tarfile.TarInfo("layers.py")
            entry.type, entry.linkname = kind, gradebook
            archive.addfile(entry)
        entry = tarfile.TarInfo("layers.py")
        entry.size = len(HONEST)
        archive.addfile(entry, io.BytesIO(HONEST.encode()))


@setup
def colliding_names(folder: Path, ground: Any) -> None:
    """Names that other systems take for one another, and two folders with the file in each."""
    names = ["Layers.py", "LAYERS.PY", "cafe\u0301.py", "caf\u00e9.py", "CON", "aux.py", "layers.py.", "layers.py "]
    for name in names:
        (folder / name).write_text(HONEST)
    for place in ("one", "two"):
        (folder / place).mkdir()
        (folder / place / "layers.py").write_text(HONEST)


@setup
def nasty_names(folder: Path, ground: Any) -> None:
    """Files whose names move the cursor, turn text around, break lines, or are no text at all."""
    names = ["a\x1b[2Jb.py", "gpj.\u202eyp.exe", "new\nline: 100 of 100.py", "tab\there.py", "zero\u200bwidth.py"]
    names += ["<script>alert(1)</script>.py", "=HYPERLINK(1).py", "-rf", "$(touch x).py", "%s%n.py"]
    for name in names:
        (folder / name.replace("/", "\u2215")).write_text(HONEST)
    with open(os.fsencode(folder) + b"/\xff\xfe\x9b.py", "w") as file:
        file.write(HONEST)


class _Payload:
    """What does something when it is unpickled: it says so, and writes where it must not."""

    def __init__(self, code: str) -> None:
        self.code = code

    def __reduce__(self) -> tuple[Any, ...]:
        return (exec, (self.code,))


@setup
def pickles(folder: Path, ground: Any) -> None:
    """Checkpoints of every kind that run code when they are loaded."""
    gradebook = str(ground.canaries.folder / "gradebook.csv")
    code = (
        "import os\n"
        f"for path in ({gradebook!r}, '/tmp/{ground.canaries.token}'):\n"
        "    try: open(path, 'a').write('x')\n"
        "    except OSError: pass\n"
        "import target\n"
        f"if os.getpid() == {os.getpid()}: target.breach('unpickled in the grader')\n"
    )
    data = pickle.dumps(_Payload(code))
    for name in ("model.pt", "model.pth", "weights.pkl", "weights.joblib", "layers.pickle"):
        (folder / name).write_bytes(data)
    header = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".ljust(117) + b"\n"
    (folder / "weights.npy").write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + data)


@setup
def sparse_checkpoint(folder: Path, ground: Any) -> None:
    """A checkpoint of a terabyte that takes no room."""
    with open(folder / "model.pt", "wb") as file:
        file.truncate(1 << 40)


def _notebook(cells: list[dict[str, Any]]) -> bytes:
    return json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells}).encode()


def _cell(source: str, outputs: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "execution_count": 1,
        "metadata": {},
        "outputs": outputs or [],
        "source": source,
    }


@setup
def deep_notebook(folder: Path, ground: Any) -> None:
    """A notebook of lists inside lists, a million deep."""
    (folder / "layers.ipynb").write_bytes(b'{"nbformat": 4, "cells": ' + b"[" * 10**6 + b"]" * 10**6 + b"}")


@setup
def deep_output(folder: Path, ground: Any) -> None:
    """A notebook that is fine but for the depth of what a cell has put out."""
    data = _notebook([_cell(WRONG, [{"output_type": "display_data", "data": "@", "metadata": {}}])])
    (folder / "layers.ipynb").write_bytes(data.replace(b'"@"', b"[" * 10**5 + b"]" * 10**5))


@setup
def fat_notebook(folder: Path, ground: Any) -> None:
    """A notebook whose outputs are larger than anybody's."""
    stream = {"output_type": "stream", "name": "stdout", "text": "x" * (30 << 20)}
    (folder / "layers.ipynb").write_bytes(_notebook([_cell(HONEST, [stream])]))


@setup
def magic_notebook(folder: Path, ground: Any) -> None:
    """Every way in which a notebook starts a program."""
    token, gradebook = ground.canaries.token, ground.canaries.folder / "gradebook.csv"
    cells = [
        f"!touch /tmp/{token}; echo x >> {gradebook}",
        f"%%bash\ntouch /tmp/{token}",
        f"%system touch /tmp/{token}",
        f"found = !touch /tmp/{token}",
        "%load_ext victim\n%run target.py\n%env SECRET\n%pip install nothing",
        f"try:\n    get_ipython().system('touch /tmp/{token}')\nexcept NameError:\n    pass",
        f"import os\ntry:\n    os.system('touch /tmp/{token}')\nexcept OSError:\n    pass",
        WRONG,
    ]
    (folder / "layers.ipynb").write_bytes(_notebook([_cell(cell) for cell in cells]))


@setup
def notebook_with_html(folder: Path, ground: Any) -> None:
    """A notebook whose saved outputs and attachments are pages and scripts."""
    markup = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    data = {"text/html": markup, "application/javascript": "alert(3)", "image/svg+xml": f"<svg>{markup}</svg>"}
    outputs = [{"output_type": "display_data", "data": data, "metadata": {}}]
    text = {"cell_type": "markdown", "metadata": {}, "source": markup}
    cells = [text, _cell(f"print({markup!r})\n{WRONG}", outputs), _cell(f"raise ValueError({markup!r})")]
    (folder / "layers.ipynb").write_bytes(_notebook(cells))


def _source(name: str, content: bytes) -> None:
    def make(folder: Path, ground: Any) -> None:
        (folder / "layers.py").write_bytes(content)

    make.__name__ = name
    setup(make)


_RIGHT = HONEST.encode()
_source("utf7_source", b"# coding: utf-7\n+AGkAbQBwAG8AcgB0- victim\nlinear_module = victim.Wrong\n")
_source("utf16_source", HONEST.encode("utf-16"))
_source("rot13_source", b"# coding: rot13\nvzcbeg gnetrg; gnetrg.oernpu('rot13')\n")
_source("nul_source", _RIGHT + b"x = 1\0\n")
_source("long_line_source", b"x = '" + b"a" * (3 << 20) + b"'\n" + _RIGHT)
_source(
    "trojan_source",
    "from victim import Wrong\nlevel = 'user\u202e \u2066# admin only\u2069 \u2066'\n"
    "def linear_module(i, \uff4f):\n    \u202eraise ValueError('\u2067\u202e')\n".encode(),
)
_source("form_feed_source", b"from victim import Wrong\n\x0c\nraise ValueError('\x0c\x1c\x1d')\n")
_source("minus_source", b"x = " + b"-" * 200_000 + b"1\n" + _RIGHT)
_source("sum_source", b"x = " + b"+".join([b"1"] * 50_000) + b"\nfrom victim import Wrong as linear_module\n")
_source("elif_source", b"if 0:\n  x = 1\n" + b"elif 0:\n  x = 1\n" * 20_000 + _RIGHT)
_source("bracket_source", b"x = " + b"[" * 5_000 + b"]" * 5_000 + b"\n" + _RIGHT)
_source("number_source", b"x = " + b"9" * 500_000 + b"\n" + _RIGHT)
_source("huge_source", b"import base64\nx = '" + b"QUJD" * 1_300_000 + b"'\n" + _RIGHT)


@setup
def many_files(folder: Path, ground: Any) -> None:
    """More files than a submission can need."""
    for number in range(1_500):
        (folder / f"part{number}.py").write_text("x = 1\n")


@setup
def changes_later(folder: Path, ground: Any) -> Meanwhile:
    """A wrong answer that becomes a right one after it was taken in, and back."""
    file = folder / "layers.py"
    file.write_text(WRONG)

    def change() -> None:
        file.unlink()
        file.symlink_to(ground.canaries.folder / "submissions/alice/layers.py")
        (folder / "victim.py").write_text(HONEST.replace("linear_module", "Wrong"))

    return change


@setup
def bytecode(folder: Path, ground: Any) -> None:
    """Compiled files that do something else than the source they stand for, valid whatever the source says."""
    (folder / "layers.py").write_text("import helper\nfrom victim import Wrong as linear_module\n")
    (folder / "helper.py").write_text(_EVIL)
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    compiled = Path(py_compile.compile(str(folder / "helper.py"), invalidation_mode=mode))
    (folder / "layers.pyc").write_bytes(compiled.read_bytes())
    (folder / "__pycache__" / compiled.name.replace("helper", "layers")).write_bytes(compiled.read_bytes())
    (folder / "helper.py").write_text("x = 1\n")
    (folder / ".git").mkdir()
    (folder / ".git/config").write_text("[core]\n\tfsmonitor = touch /tmp/x\n")


@setup
def extension(folder: Path, ground: Any) -> None:
    """A compiled extension, and what would build one."""
    (folder / "layers.py").write_text("import fast\nfrom fast import linear_module\n")
    (folder / "fast.cpython-311-x86_64-linux-gnu.so").write_bytes(b"\x7fELF" + bytes(100))
    (folder / "fast.so").write_bytes(b"\x7fELF" + bytes(100))
    (folder / "setup.py").write_text(_EVIL)
    (folder / "fast.c").write_text("int linear_module;\n")


@setup
def learned_table(folder: Path, ground: Any) -> None:
    """The right outputs for every input of another run, learned from what a first submission printed."""
    spy = (
        "import hashlib, json\nfrom torch import nn\n"
        "class linear_module(nn.Linear):\n"
        "    def forward(self, x):\n"
        "        y = super().forward(x)\n"
        "        key = hashlib.sha256(x.detach().double().numpy().tobytes()).hexdigest()\n"
        "        print(json.dumps({'key': key, 'y': y.detach().double().tolist()}))\n"
        "        return y\n"
    )
    said = ground.printed_by(spy, seed=7)
    rows = [json.loads(line) for line in said.decode().splitlines() if line.startswith("{")]
    (folder / "table.json").write_text(json.dumps({row["key"]: row["y"] for row in rows}))
