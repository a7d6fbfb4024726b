"""A node's own records inside a trace's window, as the joint trace starts from them (spec node 5)."""

from __future__ import annotations

from clew.audit.log import Entry, Log
from clew.chain.graph import Detail
from clew.chain.reading import Records, reading
from clew.chain.trace import Walk
from clew.effects import Clock, NoProgress
from clew.joint.couples import Couples
from clew.joint.labels import CASE_ORDER, digest
from clew.joint.messages import Offer, encode
from clew.joint.terms import moment
from clew.warrants.window import permit_window

__all__ = ["offer_digest", "read_window"]


def offer_digest(offer: Offer) -> bytes:
    """The digest of an offer, by which both logs name it before there is a case order."""
    return digest(CASE_ORDER, encode(offer))


def read_window(records: Records, offer: Offer, holder: str, log: Log, clock: Clock) -> Couples:
    """All couples of the offer's window, to which a person of this side has agreed.

    That is logged as ``joint.agreed``, and the look as ``records.read``, before anything is read. The graph of one hop
    from every number exists only while this function runs: nothing shows or keeps it.
    """
    window = moment(offer.begin), moment(offer.end)
    named = offer_digest(offer).hex()
    agreed = log.commit(Entry("joint.agreed", {"offer": named}))
    permission = permit_window(agreed, named, offer.case, offer.stage, window, offer.hub_limit, clock)
    with reading(records, permission, log, "joint window") as engine:
        bounds = {"begin": window[0], "end": window[1]}
        numbers = engine.table("node", "window_numbers", bounds)["text"].to_pylist()
        if not numbers:
            return Couples.none()
        walk = Walk(engine, permission, tuple(numbers), NoProgress())
        return Couples.of(walk.graph(permission, records.identity, holder, Detail.CALLS))
