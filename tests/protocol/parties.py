"""Two parties for the tests of the joint trace: real keys, real records, no sockets; and the pooled trace as oracle."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from clew.audit.log import Entry
from clew.chain.graph import Detail
from clew.chain.trace import trace
from clew.joint import holder, tracer
from clew.joint.couples import Couples
from clew.joint.messages import Message, encode, parse
from clew.joint.seeds import SeedShare, blind_seeds
from clew.joint.steps import Given
from clew.joint.terms import Order, Roots, moment
from clew.joint.unmasking import Approvers
from clew.warrants import authorisation as permission
from clew.warrants.authorisation import Authorisation, Budgets, Joint
from clew.warrants.keys import SigningKey
from clew.warrants.policy import Holder, Policy, Requirement
from tests.chain_cases import BEGIN, END, Contact, FakeStore, MemoryLog, authorise

NOW = datetime(2026, 4, 1, tzinfo=UTC)
EXPIRES = datetime(2026, 5, 1, tzinfo=UTC)
PLENTY = Budgets(numbers=10_000, items=100_000, rows=100_000, declared=10_000, recognised=10_000, unmaskings=100)
STRICT = Budgets(numbers=10_000, items=100_000, rows=100_000, declared=0, recognised=10_000, unmaskings=100)


def signing_key(name: str) -> SigningKey:
    return SigningKey(Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest()))


TRACER, HOLDER = signing_key("tracer node"), signing_key("holder node")
AUDITOR = X25519PrivateKey.from_private_bytes(hashlib.sha256(b"auditor").digest())
APPROVER = {side: signing_key(f"approver of {side}") for side in ("iq", "fr")}
APPROVERS = Approvers(
    Policy(
        holders=tuple(Holder(name=f"A. {s}", role="approver", side=s, key=k.public) for s, k in APPROVER.items()),
        threshold=2,
        requirements=(Requirement(1, side="iq"), Requirement(1, side="fr")),
    )
)


def couples(contacts: Sequence[Contact], hub_limit: int = 200) -> Couples:
    """A party's couples of the window, as its node would make them: one hop from all its numbers."""
    numbers = sorted({number for c in contacts for number in (c.a, c.b)})
    if not numbers:
        return Couples.none()
    graph = trace(
        FakeStore(contacts), authorise(*numbers, hops=1, hub_limit=hub_limit), MemoryLog(), detail=Detail.CALLS
    )
    return Couples.of(graph)


@dataclass
class Dice:
    """Fresh randomness that is the same in every run of a test."""

    name: str = "dice"
    now: datetime = NOW
    thrown: int = 0

    def given(self) -> Given:
        self.thrown += 1
        return Given(self.now, hashlib.sha256(f"{self.name} {self.thrown}".encode()).digest())


Window = tuple[datetime, datetime]
WEEK: Window = (BEGIN, END)


def terms(hub_limit: int = 200, window: Window = WEEK) -> tracer.Terms:
    return tracer.Terms(
        case="lantern-7",
        stage=1,
        begin=int(window[0].timestamp()),
        end=int(window[1].timestamp()),
        hub_limit=hub_limit,
        auditor=AUDITOR.public_key().public_bytes_raw(),
        tracer_name="iq",
        holder_name="fr",
    )


def warrant(
    order: Order,
    roots: Roots,
    seeds: Sequence[permission.Blinded],
    hops: int = 2,
    budgets: Budgets = PLENTY,
    **other: Any,
) -> Authorisation:
    """What verification of a signed warrant of this trace would return."""
    points = tuple(sorted(seeds, key=lambda seed: seed.point))
    scope = {
        "case": order.offer.case,
        "digest": hashlib.sha256(repr((order.digest, [p.point for p in points], hops, budgets)).encode()).hexdigest(),
        "root": "0" * 64,
        "joint": Joint(order.trace.hex(), order.digest.hex(), roots.digests),
        "stage": 1,
        "seeds": points,
        "begin": moment(order.offer.begin),
        "end": moment(order.offer.end),
        "hops": hops,
        "hub_limit": order.offer.hub_limit,
        "budgets": budgets,
        "remaining": budgets,
        "expires": EXPIRES,
        **other,
    }
    return Authorisation(permission._KEY, lambda: NOW, scope)


@dataclass
class Pair:
    """A tracer and a holder, and everything that went between them, encoded and parsed again on the way."""

    tracer: tracer.State
    holder: holder.State | None = None
    sent: list[tuple[str, Message]] = field(default_factory=list)
    log: list[tuple[str, Entry]] = field(default_factory=list)
    dice: dict[str, Dice] = field(default_factory=lambda: {side: Dice(side) for side in ("tracer", "holder")})

    def step(self, side: str, step: Any) -> Message | None:
        """Take a side's step; what it sends comes back as the other side would parse it."""
        setattr(self, side, step.state)
        self.log += [(side, entry) for entry in step.entries]
        if step.message is None:
            return None
        data = encode(step.message)
        assert encode(parse(data)) == data
        self.sent.append((side, step.message))
        return parse(data)

    def run(self, message: Message | None, to: str = "holder") -> None:
        """Hand a message over, and every answer to it, until nobody has anything to say."""
        while message is not None:
            side, module = (to, {"holder": holder, "tracer": tracer}[to])
            message = self.step(side, module.receive(getattr(self, side), message, self.dice[side].given()))
            to = "tracer" if to == "holder" else "holder"

    def bytes_sent(self) -> int:
        return sum(len(encode(message)) for _, message in self.sent)


def committed(own: Couples, theirs: Couples, hub_limit: int = 200, window: Window = WEEK) -> Pair:
    """Both parties after the case order and the commitments."""
    dice = Dice("tracer")
    begun = tracer.offer(terms(hub_limit, window), TRACER, own, dice.given())
    pair = Pair(begun.state)
    pair.dice["tracer"] = dice
    offer = pair.step("tracer", begun)
    answer = pair.step("holder", holder.accept(offer, HOLDER, theirs, pair.dice["holder"].given()))  # type: ignore[arg-type]
    pair.run(answer, "tracer")
    assert isinstance(pair.tracer, tracer.Committed)
    assert isinstance(pair.holder, holder.Committed)
    return pair


def shares_of(pair: Pair, seeds: Sequence[str]) -> tuple[list[permission.Blinded], list[SeedShare]]:
    assert isinstance(pair.tracer, tracer.Committed)
    blinded = blind_seeds(seeds, pair.tracer.order.trace, bytes(range(32)))
    return [point for point, _ in blinded], [share for _, share in blinded]


def authorised(pair: Pair, seeds: Sequence[str], hops: int = 2, budgets: Budgets = PLENTY) -> Message:
    """Both parties under a warrant for these seeds; the tracer's first message."""
    assert isinstance(pair.tracer, tracer.Committed)
    assert isinstance(pair.holder, holder.Committed)
    points, shares = shares_of(pair, seeds)
    paper = warrant(pair.tracer.order, pair.tracer.roots, points, hops, budgets)
    snapshot = pair.holder.kept.snapshot
    pair.step("holder", holder.authorise(pair.holder, paper, APPROVERS, pair.dice["holder"].given()))
    start = pair.step("tracer", tracer.authorise(pair.tracer, paper, shares, snapshot, pair.dice["tracer"].given()))
    assert start is not None
    return start


def traced(
    own: Couples,
    theirs: Couples,
    seeds: Sequence[str],
    hops: int = 2,
    budgets: Budgets = PLENTY,
    hub_limit: int = 200,
    window: Window = WEEK,
) -> Pair:
    """Both parties after a whole trace."""
    pair = committed(own, theirs, hub_limit, window)
    pair.run(authorised(pair, seeds, hops, budgets))
    assert isinstance(pair.tracer, tracer.Traced), pair.tracer
    assert isinstance(pair.holder, holder.Finished)
    return pair


@dataclass(frozen=True)
class Expected:
    """What a graph must show: hops, pairs with their holder, and the numbers whose records the holder was asked for."""

    hop: dict[str, int]
    pairs: set[tuple[str, str, str]]
    looked: set[str]


Contacts = dict[str, set[str]]


def near(couples_of: Couples) -> Contacts:
    """The contacts of each number that is no hub."""
    numbers = couples_of.numbers.to_pylist()
    found: Contacts = {}
    for a, b in zip(couples_of.a.tolist(), couples_of.b.tolist(), strict=True):
        for one, other in ((a, b), (b, a)):
            if not couples_of.hub[one]:
                found.setdefault(numbers[one], set()).add(numbers[other])
    return found


def pooled(parties: dict[str, Couples], seeds: Sequence[str], hops: int) -> Expected:
    """The trace of the tracer's store and the holder's as one, the hub rule for each by itself."""
    own, theirs = (near(one) for one in parties.values())
    hop = shortest(own, theirs, seeds, hops)
    pairs = pairs_of(dict(zip(parties, (own, theirs), strict=True)), hop, hops)
    return Expected(hop, pairs, {number for number, at in hop.items() if at < hops})


def strict(parties: dict[str, Couples], seeds: Sequence[str], hops: int) -> Expected:
    """A strict trace: the holder's rows only of those that its own rows, or the warrant, led to by then."""
    own, theirs = (near(one) for one in parties.values())
    looked: set[str] = set()
    sealed, opened = set(seeds), Contacts()
    for _ in range(hops):
        hop = shortest(own, opened, seeds, hops)
        fresh = {number for number in sealed if hop.get(number, hops) < hops} - looked
        looked |= fresh
        opened |= {number: theirs[number] for number in fresh if number in theirs}
        sealed = {other for number in opened for other in theirs[number]}
    hop = shortest(own, opened, seeds, hops)
    return Expected(hop, pairs_of(dict(zip(parties, (own, opened), strict=True)), hop, hops), looked)


def shortest(own: Contacts, rows: Contacts, seeds: Sequence[str], hops: int) -> dict[str, int]:
    """The hop of every number that these contacts lead to."""
    hop = dict.fromkeys(seeds, 0)
    for level in range(hops):
        for number in [n for n, at in hop.items() if at == level]:
            for other in (*own.get(number, ()), *rows.get(number, ())):
                hop.setdefault(other, level + 1)
    return hop


def pairs_of(contacts: dict[str, Contacts], hop: dict[str, int], hops: int) -> set[tuple[str, str, str]]:
    """The pairs that a graph with these hops shows of each holder's contacts."""
    return {
        (min(number, other), max(number, other), name)
        for name, each in contacts.items()
        for number, at in hop.items()
        if at < hops
        for other in each.get(number, ())
    }


@cache
def sample() -> tuple[Couples, Couples]:
    """A small world: the seed and a go-between in the tracer's country, a cell in the holder's."""
    border = [Contact("+9641000001", "+33100000001"), Contact("+9641000001", "+33100000002", kind=2)]
    own = [Contact("+9641000001", "+9641000002"), Contact("+9641000002", "+9641000003"), *border]
    theirs = [
        Contact("+33100000001", "+33100000003", duration=30),
        Contact("+33100000003", "+33100000004"),
        Contact("+33100000002", "+33100000003", kind=3),
        Contact("+33100000009", "+33100000008"),
        *border,
    ]
    return couples(own), couples(theirs)
