# SPDX-License-Identifier: Apache-2.0
"""asyncio: one thread, many sandboxes, cancellation."""
import asyncio
import threading
import time

import pytest

from sandlock import ExitReason, NotAvailableError, Sandbox, StdioMode

PIPE = StdioMode.PIPE


def test_arun(base):
    async def main():
        result = await base.arun(["sh", "-c", "echo out; echo err >&2; exit 3"])
        assert (result.stdout, result.stderr) == (b"out\n", b"err\n")
        assert result.exit_code == 3
        assert (await base.arun(["no-such"])).exit_code == 127
        data = bytes(range(256)) * 4096
        assert (await base.arun(["cat"], input=data)).stdout == data
        assert (await base.arun(["true"], input=data)).success
        result = await base.arun(["sleep", "1000"], timeout=0.05)
        assert result.reason is ExitReason.TIMEOUT
        with pytest.raises(NotAvailableError):
            await Sandbox(num_cpus=2).arun(["true"])
    asyncio.run(main())
    assert not base.is_running


def test_the_loop_goes_on(base):
    async def main():
        ticks = 0
        task = asyncio.ensure_future(base.arun(["sleep", "0.3"]))
        while not task.done():
            await asyncio.sleep(0.01)
            ticks += 1
        assert (await task).success
        assert ticks > 3
    asyncio.run(main())


def test_cancelling_ends_the_tree(tmp_path, gone, no_leak):
    sandbox = Sandbox(profiles=["base"], fs_writable=[tmp_path])
    script = "(setsid sleep 1000 & echo $! > %s/pid); sleep 1000" % tmp_path

    async def main():
        task = asyncio.ensure_future(
            sandbox.arun(["sh", "-c", script], input=bytes(1 << 20)))
        while not (tmp_path / "pid").exists() or \
                not (tmp_path / "pid").read_text():
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert gone(int((tmp_path / "pid").read_text()))
        assert not sandbox.is_running
        assert (await sandbox.arun(["true"])).success
    asyncio.run(main())


def test_wait_for_works_as_a_timeout(base):
    async def main():
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(base.arun(["sleep", "1000"]), 0.1)
        assert not base.is_running
    asyncio.run(main())


def test_the_end_of_the_loop_ends_all(gone):
    pids = []

    async def main():
        for _ in range(3):
            sandbox = Sandbox(profiles=["base"])
            asyncio.ensure_future(sandbox.arun(["sleep", "1000"]))
            while not sandbox.is_running:
                await asyncio.sleep(0.005)
            pids.append(sandbox.pid)
    asyncio.run(main())
    assert len(pids) == 3 and all(gone(pid) for pid in pids)


def many(count):
    async def one(number):
        sandbox = Sandbox(profiles=["base"])
        result = await sandbox.arun(["sh", "-c", "cat; echo %d" % number],
                                    input=b"in ", timeout=60)
        return result.stdout == b"in %d\n" % number

    async def main():
        return await asyncio.gather(*[one(number) for number in range(count)])
    threads = threading.active_count()
    answers = asyncio.run(main())
    assert answers == [True] * count
    assert threading.active_count() == threads


def test_ten_at_once(no_leak):
    many(10)


@pytest.mark.full
def test_a_hundred_at_once(no_leak):
    many(100)


def test_one_at_a_time(base):
    async def main():
        task = asyncio.ensure_future(base.arun(["sleep", "1000"]))
        while not base.is_running:
            await asyncio.sleep(0.005)
        with pytest.raises(RuntimeError, match="already running"):
            await base.arun(["true"])
        base.kill()
        assert (await task).reason is ExitReason.KILLED
    asyncio.run(main())


def test_leaving_the_sandboxs_block_ends_what_is_awaited():
    async def main():
        with Sandbox(profiles=["base"]) as sandbox:
            task = asyncio.ensure_future(sandbox.arun(["sleep", "1000"]))
            while not sandbox.is_running:
                await asyncio.sleep(0.005)
        assert (await task).reason is ExitReason.KILLED
    asyncio.run(main())


def test_apopen_streams(base, no_leak):
    async def main():
        async with await base.apopen(["cat"], PIPE, PIPE, PIPE) as process:
            process.stdin.write(b"line\n")
            await process.stdin.drain()
            assert await process.stdout.readline() == b"line\n"
            assert process.returncode is None and process.pid > 0
            process.stdin.close()
            assert await process.stdout.read() == b""
            assert (await process.wait()).success
            assert await process.wait() is await process.wait()
            assert process.returncode == 0
    asyncio.run(main())


def test_communicate(base):
    async def main():
        process = await base.apopen(["sh", "-c", "cat; echo e >&2; exit 3"],
                                    PIPE, PIPE, PIPE)
        data = bytes(1 << 20)
        result, out, err = await process.communicate(data)
        assert (result.exit_code, out, err) == (3, data, b"e\n")
        process.close()
        process = await base.apopen(["true"], PIPE)
        result, out, err = await process.communicate(data)
        assert result.success and out == err == b""
        process.close()
    asyncio.run(main())


def test_apopen_ends_with_its_block_and_with_time(base, gone, no_leak):
    async def main():
        async with await base.apopen(["sleep", "1000"], PIPE, PIPE) as process:
            pid = process.pid
        assert gone(pid) and not base.is_running
        process = await base.apopen(["sleep", "1000"])
        assert (await process.wait(0.05)).reason is ExitReason.TIMEOUT
        process = await base.apopen(["sleep", "1000"])
        process.kill()
        assert (await process.wait()).reason is ExitReason.KILLED
    asyncio.run(main())


def test_a_wait_that_is_given_up_leaves_it_running(base):
    async def main():
        process = await base.apopen(["sleep", "1000"])
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(process.wait(), 0.05)
        assert base.is_running
        process.send_signal(15)
        assert (await process.wait()).signal == 15
    asyncio.run(main())


def test_loops_in_several_threads():
    failures = []

    def loop():
        async def main():
            for _ in range(3):
                result = await Sandbox(profiles=["base"]).arun(["echo", "x"])
                if result.stdout != b"x\n":
                    failures.append(result)
        asyncio.run(main())
    threads = [threading.Thread(target=loop) for _ in range(4)]
    for thread in threads:
        thread.start()
    end = time.monotonic() + 120
    for thread in threads:
        thread.join(max(0, end - time.monotonic()))
        assert not thread.is_alive()
    assert failures == []
