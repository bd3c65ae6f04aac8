# SPDX-License-Identifier: Apache-2.0
"""What a run used, and which limit it met."""
from dataclasses import replace

from sandlock import ExitReason


def test_without_a_limit_nobody_looks(base):
    result = base.run(["true"])
    assert (result.limit, result.memory_peak, result.processes_peak) == (
        None, None, None)
    assert result.processes_refused == 0 and result.cpu_seconds > 0


def test_memory(base):
    grow = "x=x; while :; do x=$x$x; done"
    result = replace(base, max_memory="64M").run(["sh", "-c", grow])
    assert (result.limit, result.reason) == ("memory", ExitReason.KILLED)
    assert "max_memory" in result.error and result.exit_status == 137
    assert result.memory_peak > 64 << 20


def test_a_part_of_the_machine(base):
    assert replace(base, max_memory="50%").run(["true"]).success


def test_processes(base):
    result = replace(base, max_processes=2).run(
        ["sh", "-c", "sleep 1000 & (exit 3)"])
    assert result.limit == "processes" and not result.success
    assert (result.processes_peak, result.processes_refused) == (2, 1)


def test_share_of_the_processor(base):
    spin = "i=0; while [ $i -lt 60000 ]; do i=$((i + 1)); done"
    result = replace(base, max_cpu=5).run(["sh", "-c", spin])
    assert result.success and result.limit is None
    assert 0 < result.cpu_held_seconds
    assert base.run(["true"]).cpu_held_seconds == 0
