"""What the demo says of its joint act, for people and for programs."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clew.cli.demo_joint import Joint

__all__ = ["joint_document", "joint_text"]


def joint_text(found: Joint, stage: int) -> str:
    """A paragraph, then a line for each thing that a reader wants to check."""
    graph, same = found.graph, found.comparison
    hops = " + ".join(f"{count:,}" for count in graph.bound.numbers_by_hop)
    window = f"{graph.scope.begin:%d %b} – {graph.scope.end:%d %b}"
    tracer, holder = found.tracer, found.holder
    asked = found.answered
    return "\n".join(
        [
            "The same without a common store: each service runs a node with its own records only, and the two speak "
            f"over TLS. {tracer} traces, {holder} is asked. A judge of each side signed the warrant, which names "
            f"stage {stage}'s seeds blinded.",
            f"{found.seeds} seeds, {graph.scope.hops} hops, {window}: {graph.bound.numbers:,} numbers inside the bound "
            f"= {hops}",
            f"records sent: {found.records_sent}",
            f"{tracer} to {holder}: {found.sent['bytes']:,} bytes; {holder} to {tracer}: "
            f"{found.received['bytes']:,} and a sealed {found.snapshot_bytes:,}",
            f"asked: {asked['items']:,} items and {asked['rows']:,} rows, lists filled up; {asked['declared']:,} items "
            f"that only {tracer}'s records led to",
            f"{tracer} learned how these numbers are in contact: {found.own:,} it knew, {found.pseudonyms:,} stay "
            "pseudonyms.",
            f"{holder} learned that {tracer} has {asked['recognised']:,} numbers, and roughly how long each list was; "
            "no number.",
            "Compared with both stores as one, the hub rule for each holder by itself: "
            f"{same.vertices:,} numbers, their",
            f"hops, {same.pairs:,} pairs, their features; {same.differing} differ." + _one_store(found, stage),
            "Seconds: " + ", ".join(f"{name} {seconds:.1f}" for name, seconds in found.seconds.items()) + ".",
        ]
    )


def _one_store(found: Joint, stage: int) -> str:
    """How the numbers compare with the demo's own trace of the same seeds, where one store counted the hubs."""
    if found.beyond_one_store == found.within_one_store == 0:
        return f" Stage {stage} had the same numbers."
    return f" {found.beyond_one_store:,} are not in stage {stage}, {found.within_one_store:,} only there."


def joint_document(found: Joint) -> dict[str, Any]:
    """The same for programs."""
    graph = found.graph
    return {
        "tracer": found.tracer,
        "holder": found.holder,
        "case": str(found.case),
        "seeds": found.seeds,
        "begin": f"{graph.scope.begin:%Y-%m-%dT%H:%M:%SZ}",
        "end": f"{graph.scope.end:%Y-%m-%dT%H:%M:%SZ}",
        "hops": graph.scope.hops,
        "numbers": graph.bound.numbers,
        "numbers_by_hop": list(graph.bound.numbers_by_hop),
        "pairs": graph.bound.pairs,
        "known_to_tracer": found.own,
        "pseudonyms": found.pseudonyms,
        "records_sent": found.records_sent,
        "tracer_to_holder": dict(found.sent),
        "holder_to_tracer": dict(found.received),
        "snapshot_bytes": found.snapshot_bytes,
        "answered": dict(found.answered),
        "equal": found.comparison.equal,
        "comparison": asdict(found.comparison),
        "not_in_the_one_store_trace": found.beyond_one_store,
        "only_in_the_one_store_trace": found.within_one_store,
        "seconds": dict(found.seconds),
    }
