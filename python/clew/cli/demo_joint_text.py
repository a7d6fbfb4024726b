"""What the demo says of its joint act, for people and for programs."""

from __future__ import annotations

import textwrap
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clew.cli.demo_joint import Joint

__all__ = ["joint_document", "joint_text"]


def joint_text(found: Joint, stage: int, width: int) -> str:
    """A paragraph, then what a reader wants to check, a line or two for each thing."""
    graph, same, asked = found.graph, found.comparison, found.answered
    tracer, holder = found.tracer, found.holder
    hops = " + ".join(f"{count:,}" for count in graph.bound.numbers_by_hop)
    window = f"{graph.scope.begin:%d %b} – {graph.scope.end:%d %b}"
    paragraph = (
        "The same without a common store: each service runs a node with its own records only, and the two speak over "
        f"TLS. {tracer} traces, {holder} is asked. A judge of each side signed the warrant, which names stage "
        f"{stage}'s seeds blinded."
    )
    things = (
        f"{found.seeds} seeds, {graph.scope.hops} hops, {window}: {graph.bound.numbers:,} numbers inside the bound = "
        f"{hops}",
        f"records sent: {found.records_sent}, by the signed receipts of both nodes, which agree",
        f"{tracer} to {holder}: {found.sent['bytes']:,} bytes; {holder} to {tracer}: {found.received['bytes']:,} "
        f"bytes, after {found.snapshot_bytes:,} bytes of sealed rows",
        f"asked: {asked['items']:,} items and {asked['rows']:,} rows, lists filled up; {asked['declared']:,} of the "
        f"items because {tracer}'s own records led to them",
        f"{tracer} learned how the {graph.bound.numbers:,} are in contact: {found.own:,} it knew, {found.pseudonyms:,} "
        "stay pseudonyms",
        f"{holder} learned the warrant without its seeds, that {tracer} has {asked['recognised']:,} numbers, and "
        "roughly how long each list was; it saw no number",
        f"compared with both stores as one, the hub rule for each holder by itself: {same.vertices:,} numbers and "
        f"their hops, {same.pairs:,} pairs and their features; {same.differing} differ" + _one_store(found, stage),
        "seconds: " + ", ".join(f"{name} {seconds:.1f}" for name, seconds in found.seconds.items()),
    )
    lines = [textwrap.wrap(thing, width, subsequent_indent="  ", break_on_hyphens=False) for thing in things]
    return "\n".join([paragraph, *(line for some in lines for line in some)])


def _one_store(found: Joint, stage: int) -> str:
    """How the numbers compare with the demo's own trace of the same seeds, where one store counted the hubs."""
    if found.beyond_one_store == found.within_one_store == 0:
        return f". Stage {stage} had the same numbers"
    return f". {found.beyond_one_store:,} are not in stage {stage}, {found.within_one_store:,} only there"


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
