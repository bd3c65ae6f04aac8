# SPDX-License-Identifier: Apache-2.0
"""PEP 517 backend: a wheel with the library, the supervisor and the program.

meson builds the C half of the tree above; zipfile writes the wheel. An sdist is
the whole source tree, so that it builds wherever the tree does. Standard
library only; meson and ninja are asked for if they are not on PATH.
"""
import base64
import gzip
import hashlib
import io
import os
import pathlib
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import time
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
PACKAGE = HERE.parent / "sandlock"
NAME = "sandlock"
SUMMARY = "Run untrusted programs under a policy that the Linux kernel enforces"

# What meson is asked for: target, file in the build directory.
LIBRARY = ("src/sandlock:shared_library", "src/libsandlock.so.0")
SUPERVISOR = ("src/sandlock-supervisor:executable", "src/sandlock-supervisor")
RESOLVE = ("src/sandlock-resolve:executable", "src/sandlock-resolve")
PROGRAM = ("src/cli/sandlock:executable", "src/cli/sandlock")


def _sources():
    """The top of the source tree; pip before 21.3 copies python/ alone."""
    if not (TOP / "include/sandlock/sandlock.h").is_file():
        sys.exit("sandlock: the C sources are not above '%s'; build from the "
                 "whole source tree or from its sdist, with pip >= 21.3"
                 % HERE.parent)
    return TOP


def _version():
    text = (_sources() / "meson.build").read_text(encoding="utf-8")
    return re.search(r"^\s*version: '([^']+)'", text, re.M).group(1)


def _metadata():
    head = [
        "Metadata-Version: 2.1", "Name: " + NAME, "Version: " + _version(),
        "Summary: " + SUMMARY, "License: Apache-2.0",
        "Requires-Python: >=3.8",
        "Classifier: Operating System :: POSIX :: Linux",
        "Classifier: Programming Language :: Python :: 3",
        "Classifier: Typing :: Typed",
        "Description-Content-Type: text/markdown", "", "",
    ]
    readme = (HERE.parent / "README.md").read_text(encoding="utf-8")
    return ("\n".join(head) + readme).encode()


def _tag():
    return "py3-none-" + re.sub(r"[-.]", "_", sysconfig.get_platform())


def _epoch():
    """For files in archives, so that the same sources give the same bytes."""
    return int(os.environ.get("SOURCE_DATE_EPOCH", "315532800"))


def _run(*command):
    # pip shows stdout when a build fails, or with -v.
    done = subprocess.run(command, stdin=subprocess.DEVNULL)
    if done.returncode:
        sys.exit("sandlock: '%s' failed with status %d"
                 % (" ".join(command), done.returncode))


def _compile(build):
    for tool in ("meson", "ninja"):
        if not shutil.which(tool) and not shutil.which(tool + "-build"):
            sys.exit("sandlock: %s is needed to build the library; hint: "
                     "apt-get install gcc libc6-dev meson ninja-build" % tool)
    _run("meson", "setup", "--buildtype=release", str(build), str(_sources()))
    _run("meson", "compile", "-C", str(build), LIBRARY[0], SUPERVISOR[0],
         RESOLVE[0], PROGRAM[0])


class _Wheel:
    """A wheel being written: a zip file whose last member lists the others."""

    def __init__(self, path):
        self.zip = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED)
        self.record = []

    def add(self, name, data, mode=0o644):
        stamp = time.gmtime(max(_epoch(), 315532800))[:6]
        info = zipfile.ZipInfo(name, stamp)
        info.external_attr = (0o100000 | mode) << 16
        info.compress_type = zipfile.ZIP_DEFLATED
        self.zip.writestr(info, data)
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest())
        self.record.append("%s,sha256=%s,%d" % (
            name, digest.rstrip(b"=").decode(), len(data)))

    def close(self, info_dir):
        name = info_dir + "/RECORD"
        text = "\n".join(self.record + [name + ",,"]) + "\n"
        info = zipfile.ZipInfo(name, time.gmtime(max(_epoch(), 315532800))[:6])
        info.external_attr = 0o100644 << 16
        self.zip.writestr(info, text)
        self.zip.close()


def _python_files():
    for path in sorted(PACKAGE.iterdir()):
        if path.suffix == ".py" or path.name == "py.typed":
            yield path


# ---- the hooks -----------------------------------------------------------


def get_requires_for_build_wheel(config_settings=None):
    found = []
    if not shutil.which("meson"):
        found.append("meson>=1.0")
    if not shutil.which("ninja") and not shutil.which("ninja-build"):
        found.append("ninja")
    return found


def get_requires_for_build_sdist(config_settings=None):
    return []


def prepare_metadata_for_build_wheel(directory, config_settings=None):
    info_dir = "%s-%s.dist-info" % (NAME, _version())
    target = pathlib.Path(directory) / info_dir
    target.mkdir()
    (target / "METADATA").write_bytes(_metadata())
    return info_dir


def build_wheel(directory, config_settings=None, metadata_directory=None):
    version, tag = _version(), _tag()
    name = "%s-%s-%s.whl" % (NAME, version, tag)
    info_dir = "%s-%s.dist-info" % (NAME, version)
    scripts = "%s-%s.data/scripts" % (NAME, version)
    with tempfile.TemporaryDirectory(prefix="sandlock-build-") as temporary:
        build = pathlib.Path(temporary) / "build"
        _compile(build)
        wheel = _Wheel(pathlib.Path(directory) / name)
        for path in _python_files():
            wheel.add("sandlock/" + path.name, path.read_bytes())
        for _, built in (LIBRARY, SUPERVISOR, RESOLVE):
            wheel.add("sandlock/" + pathlib.Path(built).name,
                      (build / built).read_bytes(), 0o755)
        # The program itself, not a Python script that would start it: it
        # takes a millisecond, an interpreter thirty.
        # What it looks for beside itself goes there as well.
        for _, built in (PROGRAM, RESOLVE):
            wheel.add(scripts + "/" + pathlib.Path(built).name,
                      (build / built).read_bytes(), 0o755)
    wheel.add(info_dir + "/METADATA", _metadata())
    wheel.add(info_dir + "/LICENSE", (_sources() / "LICENSE").read_bytes())
    wheel.add(info_dir + "/WHEEL",
              ("Wheel-Version: 1.0\nGenerator: sandlock %s\n"
               "Root-Is-Purelib: false\nTag: %s\n" % (version, tag)).encode())
    wheel.close(info_dir)
    return name


def _tracked():
    """The source files: what git knows, or all that is no build product."""
    top = _sources()
    listed = subprocess.run(["git", "-C", str(top), "ls-files", "-z"],
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, check=False) \
        if (top / ".git").exists() and shutil.which("git") else None
    if listed is not None and listed.returncode == 0 and listed.stdout:
        names = listed.stdout.decode().split("\0")
        return sorted(name for name in names if name and (top / name).is_file())
    names = []
    for folder, folders, files in os.walk(str(top)):
        at = pathlib.Path(folder)
        if at == top:
            folders[:] = [f for f in folders
                          if f == "build_backend" or not f.startswith("build")]
        folders[:] = sorted(f for f in folders
                            if f not in (".git", "__pycache__"))
        names += [str((at / f).relative_to(top)) for f in files
                  if not f.endswith(".pyc") and f != "PKG-INFO"]
    return sorted(names)


def build_sdist(directory, config_settings=None):
    base = "%s-%s" % (NAME, _version())
    top = _sources()
    project = (HERE.parent / "pyproject.toml").read_text(encoding="utf-8")
    extra = {
        "PKG-INFO": _metadata(),
        # One level up from where it is in the tree.
        "pyproject.toml": project.replace(
            '["build_backend"]', '["python/build_backend"]').encode(),
    }
    path = pathlib.Path(directory) / (base + ".tar.gz")
    with open(path, "wb") as raw, \
            gzip.GzipFile("", "wb", mtime=_epoch(), fileobj=raw) as packed, \
            tarfile.open(fileobj=packed, mode="w",
                         format=tarfile.PAX_FORMAT) as tar:
        for name in sorted(set(_tracked()) - set(extra)):
            data = (top / name).read_bytes()
            _add(tar, base, name, data, (top / name).stat().st_mode & 0o111)
        for name, data in sorted(extra.items()):
            _add(tar, base, name, data, 0)
    return path.name


def _add(tar, base, name, data, executable):
    info = tarfile.TarInfo(base + "/" + name)
    info.size = len(data)
    info.mode = 0o755 if executable else 0o644
    info.mtime = _epoch()
    tar.addfile(info, io.BytesIO(data))
