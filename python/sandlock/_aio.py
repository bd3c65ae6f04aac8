# SPDX-License-Identifier: Apache-2.0
"""Waiting in an asyncio event loop: one descriptor, no thread."""
from __future__ import annotations

import asyncio
from typing import Any, BinaryIO, Callable, Optional, Tuple

from . import _fields
from ._child import Child, Feed
from ._result import Result
from .exceptions import SandboxError


def _answer(future: "asyncio.Future[None]",
            step: Callable[[], bool]) -> Callable[[], None]:
    """A callback that ends @future when @step has nothing left to do."""
    def call() -> None:
        if future.done():
            return
        try:
            if step():
                future.set_result(None)
        except Exception as error:  # to who awaits, not to the loop's log
            future.set_exception(error)
    return call


async def finish(child: Child, feed: Optional[Feed] = None,
                 timeout: Optional[float] = None) -> Result:
    """The result of @child. Cancelled, it leaves the child to the caller."""
    loop = asyncio.get_running_loop()
    limit = _fields.milliseconds("timeout", timeout)
    if child.loop_waits:
        raise SandboxError("somebody already waits for this sandbox")
    ended: "asyncio.Future[None]" = loop.create_future()
    child.loop_waits = True
    timer = None
    killed = []

    def kill() -> None:
        killed.append(True)
        child.kill()

    def feeding() -> None:
        assert feed is not None
        if not feed.write():
            # Before the descriptor is closed and its number another's.
            loop.remove_writer(feed.fd)
            feed.close()

    try:
        if not child.dispatch():
            loop.add_reader(child.fd, _answer(ended, child.dispatch))
            if feed is not None and feed.fd >= 0:
                loop.add_writer(feed.fd, feeding)
            if limit is not None:
                timer = loop.call_later(limit / 1000, kill)
            await ended
    finally:
        loop.remove_reader(child.fd)
        if feed is not None:
            if feed.fd >= 0:
                loop.remove_writer(feed.fd)
            feed.close()
        if timer is not None:
            timer.cancel()
        child.loop_waits = False
    return child.timed_out() if killed else child.result()


async def writer(file: BinaryIO) -> Tuple[asyncio.StreamWriter, Any]:
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.connect_write_pipe(
        lambda: asyncio.StreamReaderProtocol(asyncio.StreamReader()), file)
    return asyncio.StreamWriter(transport, protocol, None, loop), transport


async def reader(file: BinaryIO) -> Tuple[asyncio.StreamReader, Any]:
    stream = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(stream), file)
    return stream, transport
