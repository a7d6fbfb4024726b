"""Every function of the group arithmetic, run over the same inputs: what comes out must not depend on the backend."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from clew import _core
from clew.joint import group

__all__ = ["Trace", "everything", "using"]

CONTEXT = b"trace 1"


@contextmanager
def using(backend: str) -> Iterator[None]:
    """Computes on this backend, whatever the choice was."""
    _core._use_backend(backend)
    try:
        yield
    finally:
        _core._use_backend(None)


def seed_for(purpose: str, seed: int) -> bytes:
    """32 bytes that look random, of a purpose and a seed."""
    return hashlib.sha256(f"{purpose} {seed}".encode()).digest()


@dataclass
class Trace:
    """One hop of a joint trace over ``count`` numbers, and an OPRF exchange, with the results by function."""

    seed: int
    count: int

    def __post_init__(self) -> None:
        self.results: dict[str, list[bytes]] = {}
        self.secrets = group.HolderSecrets(self._random("keys"))
        self.keys = self.secrets.public()
        self._keep("public", self.keys.encodings)
        self.numbers = [b"%d numbers of %d" % (number, self.seed) for number in range(self.count)]
        self.points = self._keep("hash_to_group", group.hash_to_group(self.numbers, b"clew/1 test"))

    def _random(self, purpose: str) -> bytes:
        return seed_for(purpose, self.seed)

    def _keep(self, name: str, *results: group.Array | bytes) -> group.Array:
        self.results.setdefault(name, []).extend(bytes(result) for result in results)
        return results[0]  # type: ignore[return-value]

    def arithmetic(self) -> None:
        """Multiplying, adding, hiding what is multiplied."""
        scalars = group.SecretScalars.expand(self._random("scalars"), "test", self.count)
        one = group.SecretScalar.from_wide(self._random("one") * 2)
        self._keep("public", one.public, one.inverse().public)
        products = self._keep("multiply", group.multiply(self.points, scalars), group.multiply(self.points, one))
        base = self._keep("multiply_base", group.multiply_base(scalars))
        self._keep("add", group.add(products, base))
        self._keep("hash_and_multiply", group.hash_and_multiply(self.numbers, b"clew/1 test", one))
        public = b"".join(seed_for(f"public {place}", self.seed) for place in range(self.count))
        self._keep("sum_products_vartime", group.sum_products_vartime(self.points, public))
        group.check_points(base)
        self._keep("check_points", b"good")
        self._keep("row_keys", *group.row_keys(base))
        self._keep("Permutation", group.Permutation(self._random("order"), self.count).apply(base))

    def oprf(self) -> None:
        """RFC 9497, both modes."""
        for mode in (0, 1):
            key = group.OprfKey.derive(self._random("oprf"), b"info", mode)  # type: ignore[arg-type]
            blinding = group.blind(self.numbers, self._random("blinds"), mode)  # type: ignore[arg-type]
            again = group.blind(self.numbers, self._random("blinds"), mode)  # type: ignore[arg-type]
            elements = self._keep("blind", blinding.elements)
            self._keep("evaluate", key.evaluate(elements))
            self._keep("outputs", key.public, key.outputs(self.numbers))
            self._keep("finalise", again.finalise_unverified(key.evaluate(elements)))
        evaluated, proof = key.evaluate_with_proof(elements, self._random("nonce"))
        self._keep("evaluate_with_proof", evaluated, proof)
        group.verify_evaluation(elements, evaluated, proof, key.public)
        self._keep("verify_evaluation", b"good")
        self._keep("finalise_verified", blinding.finalise_verified(evaluated, proof, key.public))

    def products(self) -> None:
        """Keys, seeds, recognition, unmasking."""
        proof = group.prove_possession(self.secrets, CONTEXT, self._random("possession"))
        self._keep("prove_possession", proof)
        self._keep("verify_possession", b"good" if group.verify_possession(self.keys, CONTEXT, proof) is None else b"")
        own = [group.SecretScalar.from_wide(seed_for(f"seed {place}", self.seed) * 2) for place in range(self.count)]
        points = np.concatenate([group.multiply(self.points[at : at + 1], one) for at, one in enumerate(own)])
        seals = group.multiply(points, self.secrets.seal)
        proof = group.prove_seeds(self.secrets, points, seals, CONTEXT, self._random("seeds"))
        self._keep("prove_seeds", proof)
        self._keep(
            "verify_seeds", b"good" if group.verify_seeds(self.keys, points, seals, CONTEXT, proof) is None else b""
        )
        exposed = [one.expose() for one in own]
        self._keep("seal_seeds", group.seal_seeds(self.points, seals, exposed, self.keys, self._random("seal seeds")))
        hidden_points, hidden = group.hide_numbers(self.points, self._random("recognition"))
        self._keep("hide_numbers", hidden_points)
        names = group.multiply(hidden_points, self.secrets.name)
        self._keep("read", hidden.read(names, self.keys))
        for what, bases, found in (
            ("recognition", hidden_points, names),
            ("unmasking", self.points, group.multiply(self.points, self.secrets.name)),
        ):
            prove, verify = getattr(group, f"prove_{what}"), getattr(group, f"verify_{what}")
            proof = prove(self.secrets, bases, found, CONTEXT, self._random(what))
            self._keep(f"prove_{what}", proof)
            self._keep(f"verify_{what}", b"good" if verify(self.keys, bases, found, CONTEXT, proof) is None else b"")

    def hop(self) -> None:
        """A list asked, opened, answered and proven; rows sealed and proven."""
        sealed_points = group.multiply(self.points, self.secrets.seal)
        items = self._keep("seal", group.seal(self.points, sealed_points, self.keys, self._random("seal")))
        pairs = self._keep("encrypt", group.encrypt(self.points, self.keys, self._random("encrypt")))
        again = self._keep("rerandomise", group.rerandomise(pairs, self.keys, self._random("rerandomise")))
        self._keep("decrypt", group.decrypt(again, self.secrets))
        assert self.results["decrypt"] == self.results["hash_to_group"]
        asked, hidden = group.hide_sealed(items, self.keys, self._random("hide"))
        declared, hidden_declared = group.declare(self.points[: self.count // 2], self.keys, self._random("declare"))
        self._keep("hide_sealed", asked)
        self._keep("declare", declared)
        opened = group.open_list(asked, declared, self.secrets)
        names = self._keep("open_list", opened.names(self.secrets))
        self._keep("read", hidden.read(names[: self.count], self.keys))
        self._keep("read", hidden_declared.read(names[self.count :], self.keys))
        proof = group.prove_names(self.secrets, asked, declared, names, CONTEXT, self._random("names"))
        self._keep("prove_names", proof)
        group.verify_names(self.keys, asked, declared, names, CONTEXT, proof)
        self._keep("verify_names", b"good")
        at = np.arange(0, self.count, 2)
        rows = self._keep("row_points", opened.row_points(at, self.secrets))
        self._keep("read_at", hidden.read_at(at, rows, self.keys, rows=True))
        proof = group.prove_row_points(
            self.secrets, asked, declared, names, at, rows, CONTEXT, self._random("row points")
        )
        self._keep("prove_row_points", proof)
        group.verify_row_points(self.keys, asked, declared, names, at, rows, CONTEXT, proof)
        self._keep("verify_row_points", b"good")
        name = group.multiply(self.points[:1], self.secrets.name)
        self._keep("answers_of", group.answers_of(name, hidden.reveal(0), self.keys))
        self._rows(items)

    def _rows(self, items: group.Array) -> None:
        ends = np.unique(np.array([(self.count + 2) // 3, self.count]))
        ids, features = group.row_keys(self.points[: len(ends)])[0], [b"features"] * len(ends)
        proofs = group.prove_rows(
            self.secrets, ids, ends, items, features, self._random("seal"), CONTEXT, self._random("rows")
        )
        self._keep("prove_rows", proofs)
        sound = group.verify_rows(self.keys, ids, ends, items, features, CONTEXT, proofs)
        assert sound.all()
        self._keep("verify_rows", sound.tobytes())


def everything(backend: str, seed: int, count: int) -> dict[str, list[bytes]]:
    """Every result on one backend, by the name of the function that gave it."""
    with using(backend):
        trace = Trace(seed, count)
        trace.arithmetic()
        trace.oprf()
        trace.products()
        trace.hop()
    return trace.results
