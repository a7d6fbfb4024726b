"""A batch is computed without the GIL, on threads that a fork does not break."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Callable

import numpy as np
import pytest

from clew.joint import group
from tests.group_run import using

COUNT = 1500
SEED = bytes(range(32))
NUMBERS = [b"%d" % number for number in range(COUNT)]
SECRETS = group.HolderSecrets(SEED)
KEYS = SECRETS.public()
KEY = group.OprfKey.derive(SEED, b"", 1)
POINTS = group.hash_to_group(NUMBERS, b"test")
NAMES = group.multiply(POINTS, SECRETS.name)
SEALS = group.multiply(POINTS, SECRETS.seal)
ITEMS = group.seal(POINTS, SEALS, KEYS, SEED)
ASKED, HIDDEN = group.hide_sealed(ITEMS, KEYS, SEED)
OPENED = group.open_list(ASKED, b"", SECRETS)
ANSWERS = OPENED.names(SECRETS)
ELEMENTS = group.blind(NUMBERS, SEED, 1).elements
EVALUATED, PROOF = KEY.evaluate_with_proof(ELEMENTS, SEED)
NAMES_PROOF = group.prove_names(SECRETS, ASKED, b"", ANSWERS, b"", SEED)

CALLS: dict[str, Callable[[], object]] = {
    "hash_to_group": lambda: group.hash_to_group(NUMBERS, b"test"),
    "multiply": lambda: group.multiply(POINTS, SECRETS.name),
    "multiply_base": lambda: group.multiply_base(group.SecretScalars.expand(SEED, "test", 4 * COUNT)),
    "add": lambda: group.add(POINTS, NAMES),
    "check_points": lambda: [group.check_points(ITEMS.reshape(-1, 32)) for _ in range(4)],
    "blind": lambda: group.blind(NUMBERS, SEED, 1),
    "outputs": lambda: KEY.outputs(NUMBERS),
    "evaluate": lambda: KEY.evaluate(ELEMENTS),
    "evaluate_with_proof": lambda: KEY.evaluate_with_proof(ELEMENTS, SEED),
    "verify_evaluation": lambda: group.verify_evaluation(ELEMENTS, EVALUATED, PROOF, KEY.public),
    "finalise": lambda: group.blind(NUMBERS, SEED, 1).finalise_unverified(EVALUATED),
    "seal": lambda: group.seal(POINTS, SEALS, KEYS, SEED),
    "hide_sealed": lambda: group.hide_sealed(ITEMS, KEYS, SEED),
    "declare": lambda: group.declare(POINTS, KEYS, SEED),
    "hide_numbers": lambda: group.hide_numbers(POINTS, SEED),
    "open_list": lambda: group.open_list(ASKED, b"", SECRETS),
    "names": lambda: OPENED.names(SECRETS),
    "row_points": lambda: OPENED.row_points(np.arange(COUNT), SECRETS),
    "read": lambda: HIDDEN.read(ANSWERS, KEYS),
    "prove_names": lambda: group.prove_names(SECRETS, ASKED, b"", ANSWERS, b"", SEED),
    "verify_names": lambda: group.verify_names(KEYS, ASKED, b"", ANSWERS, b"", NAMES_PROOF),
    "prove_seeds": lambda: [group.prove_seeds(SECRETS, POINTS, SEALS, b"", SEED) for _ in range(3)],
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_other_python_threads_go_on_meanwhile(call: Callable[[], object]) -> None:
    """Harm stopped: a progress bar, a timeout or another request that stands still for seconds."""
    begun, ended = threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        call()
        ended.set()

    with using("portable"):
        thread = threading.Thread(target=work)
        thread.start()
        begun.wait()
        ticks = 0
        while not ended.is_set():
            time.sleep(0.0005)
            ticks += 1
        thread.join()
    assert ticks > 10, "nothing else ran while the batch was computed"


def test_many_threads_share_secrets_and_get_what_one_gets() -> None:
    results: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: results.append(group.multiply(POINTS, SECRETS.name).tobytes()))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [NAMES.tobytes()] * 8


def compute(answer: multiprocessing.connection.Connection) -> None:
    answer.send_bytes(group.multiply(POINTS, SECRETS.name).tobytes())


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_process_computes_too() -> None:
    """Harm stopped: a worker that was forked after the first batch waits for threads that it does not have."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=compute, args=(there,))
    process.start()
    assert here.poll(30), "it waits for ever"
    assert here.recv_bytes() == NAMES.tobytes()
    process.join(30)
    assert process.exitcode == 0
