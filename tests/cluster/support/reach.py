"""Asks many addresses at once whether they answer: one `host:port` a line on standard input, one word a line on standard output.

open: it took the connection; refused: a reset came back, so the packets got there; silent: nothing came back in time.
"""
import asyncio
import sys

PATIENCE = 2.5  # seconds: a SYN that is dropped is sent again after one second
AT_ONCE = 512


async def ask(target: str, turns: asyncio.Semaphore) -> str:
    host, _, port = target.rpartition(":")
    async with turns:
        try:
            _, writer = await asyncio.wait_for(asyncio.open_connection(host, int(port)), PATIENCE)
        except asyncio.TimeoutError:
            return "silent"
        except ConnectionRefusedError:
            return "refused"
        except OSError as error:
            return f"error {error.errno}"
        writer.close()
        return "open"


async def main() -> None:
    targets = sys.argv[1:]
    turns = asyncio.Semaphore(AT_ONCE)
    for word in await asyncio.gather(*(ask(target, turns) for target in targets)):
        print(word)


asyncio.run(main())
