# SPDX-License-Identifier: Apache-2.0
"""Names, ps(), inspect() and kill()."""
import dataclasses
import os
import socket
import time

import pytest

import sandlock
from sandlock import Sandbox, StdioMode


@pytest.fixture(autouse=True)
def runtime(tmp_path, monkeypatch):
    os.chmod(tmp_path, 0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))


def test_a_named_run_is_found_and_ended(base, until):
    named = dataclasses.replace(base, name="box", env={"A": "1"})
    assert sandlock.ps() == []
    with named.popen(["sleep", "1000"]) as process:
        until(lambda: [i.state for i in sandlock.ps()] == ["running"], "ps")
        one = sandlock.ps()[0]
        assert (one.name, one.argv, one.policy) == ("box", ["sleep", "1000"], None)
        assert one.pid == process.pid
        assert 0 <= time.time() - one.started < 3600 and one.age >= 0
        until(lambda: 'env = { "A" = "1" }' in sandlock.inspect("box").policy,
              "the policy")
        again = Sandbox(profiles=["base"], name="box").run(["true"])
        assert again.error == "a sandbox named 'box' is running"
        sandlock.kill("box", grace=20, timeout=60)
        assert process.wait().signal == 15
    assert sandlock.ps() == []


def test_what_does_not_run_is_not_found():
    for call in (sandlock.inspect, sandlock.kill):
        with pytest.raises(sandlock.SandlockError, match="no sandbox named"):
            call("nosuch")
        with pytest.raises(ValueError):
            call("a\0b")


@pytest.mark.parametrize("name", ["a b", "-a", ".a", "\u00e4", "a\n"])
def test_a_name_can_be_typed(name):
    with pytest.raises(ValueError, match="letters, digits"):
        Sandbox(name=name)


SERVER = """
import socket, sys
with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as server:
    print(server.getsockname()[1], flush=True)
    sys.stdin.read()
"""


def test_ports_lead_to_a_server_inside(base):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        box = dataclasses.replace(base, port_remap=True,
                                  net_allow_bind=[str(port)])
        assert box.ports() == {}
        with box.popen(["python3", "-c", SERVER, str(port)], stdin=StdioMode.PIPE,
                       stdout=StdioMode.PIPE) as process:
            assert process.stdout.readline() == b"%d\n" % port
            found = process.ports()
            assert list(found) == [port] and found[port] != port
            assert [p[:3] for p in sandlock.ports(sandlock.ps()[0].name)] == [
                ("tcp", "127.0.0.1", port)]
            with socket.create_connection(("127.0.0.1", found[port]), 20):
                pass
        assert process.ports() == {}


def test_ports_need_port_remap(base):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        box = dataclasses.replace(base, net_allow_bind=[str(port)])
        assert b"already in use" in box.run(
            ["python3", "-c", SERVER, str(port)]).stderr
