# SPDX-License-Identifier: Apache-2.0
"""What pip makes of it: a wheel, an sdist, an installation."""
import os
import subprocess
import sys
import tarfile
import zipfile

import pytest

pytestmark = [pytest.mark.full, pytest.mark.package]
SOURCE = os.environ.get("SANDLOCK_SOURCE", "")
VERSION = __import__("sandlock").__version__


def run(*command, env=(), **kwargs):
    clean = {name: value for name, value in os.environ.items()
             if name not in ("PYTHONPATH", "SANDLOCK_LIBRARY")}
    clean.update(env)
    done = subprocess.run([str(word) for word in command], env=clean,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=300, check=False,
                          **kwargs)
    text = done.stdout.decode("utf-8", "replace")
    assert done.returncode == 0, text
    return text


def build(where, into):
    """The wheel of @where, without a package index."""
    run(sys.executable, "-m", "pip", "wheel", "--no-build-isolation",
        "--no-deps", "--no-index", "--no-cache-dir", "-w", into, where)
    (wheel,) = into.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return build(SOURCE + "/python", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def venv(tmp_path_factory, wheel):
    folder = tmp_path_factory.mktemp("venv")
    run(sys.executable, "-m", "venv", folder)
    run(folder / "bin/pip", "install", "--no-index", "--no-cache-dir", wheel)
    return folder


def test_the_wheel_is_complete(wheel):
    assert wheel.name == "sandlock-%s-py3-none-linux_%s.whl" % (
        VERSION, os.uname().machine)
    with zipfile.ZipFile(wheel) as archive:
        assert archive.testzip() is None
        modes = {info.filename: info.external_attr >> 16 & 0o777
                 for info in archive.infolist()}
        metadata = archive.read("sandlock-%s.dist-info/METADATA" % VERSION)
    assert b"Requires-Python: >=3.8" in metadata
    for name in ("sandlock/libsandlock.so.0", "sandlock/sandlock-supervisor",
                 "sandlock/sandlock-resolve",
                 "sandlock-%s.data/scripts/sandlock-resolve" % VERSION,
                 "sandlock-%s.data/scripts/sandlock" % VERSION):
        assert modes[name] == 0o755
    for name in os.listdir(SOURCE + "/python/sandlock"):
        if name.endswith(".py") or name == "py.typed":
            assert "sandlock/" + name in modes


def test_the_installation_works_from_anywhere(venv):
    script = (
        "import sandlock, sys\n"
        "result = sandlock.Sandbox(profiles=['base'],"
        " net_allow=['localhost:80']).run(['echo', 'x'])\n"
        "assert result.stdout == b'x\\n', result\n"
        "print(sandlock._lib.library_path)")
    # Nothing of the build or of an installation may be what is found.
    text = run(venv / "bin/python", "-c", script, cwd="/")
    assert text.strip().startswith(str(venv))
    assert text.strip().endswith("/sandlock/libsandlock.so.0")


def test_the_program_is_installed(venv):
    for command in ([venv / "bin/sandlock"], [venv / "bin/python", "-m", "sandlock"]):
        assert run(*command, "--version", cwd="/") == "sandlock %s\n" % VERSION
        assert run(*command, "run", "--", "echo", "x", cwd="/") == "x\n"
        assert run(*command, "run", "--net-allow", "localhost:80", "--", "cat",
                   "/etc/hosts", cwd="/").startswith("127.0.0.1 localhost\n")


def test_the_library_can_be_named(venv):
    script = "import sandlock; print(sandlock._lib.library_path)"
    named = os.environ["SANDLOCK_LIBRARY"]
    assert run(venv / "bin/python", "-c", script,
               env={"SANDLOCK_LIBRARY": named}).strip() == named
    done = subprocess.run(
        [str(venv / "bin/python"), "-c", script], stderr=subprocess.PIPE,
        env={"SANDLOCK_LIBRARY": "/no/such/lib.so"}, check=False)
    assert done.returncode == 1
    assert b"ImportError" in done.stderr and b"/no/such/lib.so" in done.stderr


def test_a_library_of_another_version_is_refused(venv, tmp_path):
    script = ("import sys; sys.path.insert(0, %r)\n"
              "import sandlock" % str(tmp_path))
    copy = tmp_path / "sandlock"
    copy.mkdir()
    for name in os.listdir(SOURCE + "/python/sandlock"):
        if name.endswith(".py"):
            with open(SOURCE + "/python/sandlock/" + name, "rb") as file:
                (copy / name).write_bytes(file.read())
    (copy / "_version.py").write_text('__version__ = "0.99.0"\n')
    done = subprocess.run(
        [sys.executable, "-c", script], stderr=subprocess.PIPE, check=False,
        env={"SANDLOCK_LIBRARY": os.environ["SANDLOCK_LIBRARY"]})
    assert done.returncode == 1
    assert b"is version %s, this package is 0.99.0" % VERSION.encode() \
        in done.stderr


def test_the_sdist_builds_the_same_wheel(wheel, tmp_path):
    # As a packager's tool does it: by the hook, in the folder of pyproject.toml.
    name = run(sys.executable, "-c",
               "import sys; sys.path.insert(0, 'build_backend'); import backend;"
               "print(backend.build_sdist(sys.argv[1]))", tmp_path,
               cwd=SOURCE + "/python").strip()
    assert name == "sandlock-%s.tar.gz" % VERSION
    with tarfile.open(tmp_path / name) as archive:
        names = archive.getnames()
    top = "sandlock-%s/" % VERSION
    for needed in ("PKG-INFO", "pyproject.toml", "meson.build", "LICENSE",
                   "src/run/sandbox.c", "python/sandlock/sandbox.py",
                   "python/build_backend/backend.py"):
        assert top + needed in names
    assert not [n for n in names if "/build/" in n or n.endswith(".pyc")]
    again = build(tmp_path / name, tmp_path / "out")
    with zipfile.ZipFile(wheel) as one, zipfile.ZipFile(again) as two:
        assert one.namelist() == two.namelist()


def test_an_installation_goes_without_a_trace(venv):
    run(venv / "bin/pip", "uninstall", "-y", "sandlock")
    assert not list(venv.glob("lib/python*/site-packages/sandlock*"))
    assert not (venv / "bin/sandlock").exists()
