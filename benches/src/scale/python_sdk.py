"""The official Python SDK on the bench server: CPU per call, 1,000 polls in 1,000 threads, and cancels."""

import random
import resource
import sys
import threading
import time

from authsec_sdk import CIBAClient


def cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def resident() -> int:
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * 4096


def auth_req_id(n: int) -> str:
    return f"id-{n:09d}-abcdefghijklmnopqrstuvwxyzABCD="


def main() -> None:
    address, threads, seconds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    client = CIBAClient(client_id="bench", base_url=f"http://{address}")

    def one_call(n: int) -> None:
        # interval 0 and a timeout that is over after the first answer: one request
        client.poll_for_approval("user@example.com", auth_req_id(n), interval=0, timeout=0.0001)

    for n in range(20):
        one_call(n)
    calls, used = 400, cpu()
    for n in range(calls):
        one_call(n)
    call_us = (cpu() - used) / calls * 1e6

    before = resident()
    for n in range(threads):
        arguments = (f"user{n}@example.com", auth_req_id(1_000 + n), 5, 10_000)
        threading.Thread(target=client.poll_for_approval, args=arguments, daemon=True).start()
        time.sleep(5 / threads)
    time.sleep(5)
    memory = (resident() - before) / threads
    print(f"call_us={call_us} bytes={memory} ready=1", flush=True)
    used = cpu()
    time.sleep(seconds)
    print(f"crowd_cpu={cpu() - used}", flush=True)

    # A poll of its own for each cancel: how long until it returns.
    waits: list[float] = []

    def cancelled(n: int) -> None:
        email = f"cancel{n}@example.com"
        poll = threading.Thread(
            target=client.poll_for_approval, args=(email, auth_req_id(5_000 + n), 5, 10_000), daemon=True
        )
        poll.start()
        time.sleep(1 + 4 * random.random())
        start = time.perf_counter()
        client.cancel_approval(email)
        poll.join()
        waits.append(time.perf_counter() - start)

    workers = [threading.Thread(target=cancelled, args=(n,)) for n in range(100)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    waits.sort()
    print(f"cancel_p50_us={waits[50] * 1e6} cancel_p99_us={waits[99] * 1e6}", flush=True)


main()
