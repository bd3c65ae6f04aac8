# SPDX-License-Identifier: Apache-2.0
"""echo_server.py PORT: a server that is slow by itself, as an agent's is.

Answers each request with its own head, on 127.0.0.1; says "ready" when it
listens.
"""
import asyncio
import sys

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"


class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(HEAD % len(data) + data)


async def main():
    server = await asyncio.get_running_loop().create_server(
        Echo, "127.0.0.1", int(sys.argv[1]))
    print("ready", flush=True)
    await server.serve_forever()


asyncio.run(main())
