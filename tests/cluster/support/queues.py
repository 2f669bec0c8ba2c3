"""What stands in the queues' own keys, read in a worker's pod: one word a line.

`unfinished`: for each job that waits, runs, or has failed, its data as text; `waiting`: jobs that wait or run; `busy`: workers that
are at a job.
"""
import os
import sys
import zlib

import redis

server = redis.Redis.from_url(os.environ["FRAPPE_REDIS_QUEUE"])


def registered(kind: str) -> list[bytes]:
    return [job for key in server.scan_iter(f"rq:{kind}:*") for job in server.zrange(key, 0, -1)]


def waiting() -> list[bytes]:
    return [job for key in server.scan_iter("rq:queue:*") for job in server.lrange(key, 0, -1)] + registered("wip")


if sys.argv[1] == "unfinished":
    for job in waiting() + registered("failed"):
        # A registry may name a job with the time of its run behind a colon (rq 2).
        data = server.hget(b"rq:job:" + job, "data") or server.hget(b"rq:job:" + job.rpartition(b":")[0], "data") or b""
        try:
            print(zlib.decompress(data).decode("latin-1").replace("\n", " "))
        except zlib.error:
            print(data.decode("latin-1").replace("\n", " "))
elif sys.argv[1] == "waiting":
    for job in waiting():
        print(job.decode())
else:
    for key in server.scan_iter("rq:worker:*"):
        if server.hget(key, "state") == b"busy":
            print(key.decode())
