"""What a node may read before any seed is named: one window of its own records (``spec/node.md``, section 5).

This permission stands on no warrant, so an import contract lets nothing but the node's own reader of its window come
here.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from clew.audit.log import Receipt, require_receipt
from clew.effects import Clock
from clew.errors import Refused
from clew.warrants.authorisation import _KEY, Authorisation, Budgets

__all__ = ["permit_window"]


def permit_window(
    agreed: Receipt, offer: str, case: str, stage: int, window: tuple[datetime, datetime], hub_limit: int, clock: Clock
) -> Authorisation:
    """The permission to read one window of the own records, to commit to it or to seal it, for an hour.

    ``agreed`` is the receipt of ``joint.agreed``, whose entry names the ``offer`` with this digest, to which a person
    of this side has agreed; another receipt is ``Refused``. The permission holds no seed, so that nothing can be
    traced with it. What is read goes into commitments, and into a snapshot that can be opened only under a warrant.
    """
    require_receipt(agreed)
    agreed.require("joint.agreed")
    if agreed.offer != offer:
        raise Refused("log.wrong-receipt", "this receipt of joint.agreed names another offer")
    begin, end = window
    return Authorisation(
        _KEY,
        clock,
        {
            "case": case,
            "digest": offer,
            "root": offer,
            "stage": stage,
            "seeds": (),
            "begin": begin,
            "end": end,
            "hops": 1,
            "hub_limit": hub_limit,
            "budgets": Budgets(numbers=0),
            "remaining": Budgets(numbers=0),
            "expires": clock() + timedelta(hours=1),
            "joint": None,
        },
    )
