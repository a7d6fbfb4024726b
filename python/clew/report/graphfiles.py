"""The traced graph as GraphML and GEXF, for programs that draw graphs (Gephi, yEd, Cytoscape, networkx).

An edge is one pair as one holder recorded it: features are never summed across holders (``spec/graph.md``, 3). ``a``
and ``b`` stand on every edge, because these formats do not keep the order of an undirected edge's ends. The hours of
the week are left to the tables: 168 numbers an edge are of no use to a program that draws.
"""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from typing import Any

import networkx as nx

from clew.report.chart import contacts_of
from clew.report.contents import Contents

__all__ = ["as_networkx", "graph_files"]

_MODIFIED = re.compile(rb'lastmodifieddate="[0-9-]*"')


def as_networkx(contents: Contents) -> nx.MultiGraph[str]:
    """The traced graph with findings and decisions on its vertices; attributes that are not known are absent."""
    scope = contents.graph.scope
    graph: nx.MultiGraph[str] = nx.MultiGraph(case=scope.case, warrant=scope.warrant, stage=scope.stage)
    found = {
        row["vertex"]: row for row in contents.findings.ranked.select(["vertex", "rank", "probability"]).to_pylist()
    }
    latest = contents.decisions.latest
    for row in contents.graph.vertices.to_pylist():
        known: dict[str, Any] = {"label": row["vertex"], "hop": row["hop"], "seed": row["seed"]}
        known |= {name: row[name] for name in ("hub", "contacts") if row[name] is not None}
        known["holders"] = "; ".join(row["holders"])
        if row["vertex"] in found:
            known |= {name: found[row["vertex"]][name] for name in ("rank", "probability")}
        if row["vertex"] in latest:
            known["decision"] = latest[row["vertex"]].word
        graph.add_node(row["vertex"], **known)
    for number, row in enumerate(contents.graph.pairs.to_pylist()):
        features = {name: value for name, value in row.items() if isinstance(value, int | str)}
        moments = {name: row[name].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for name in ("first", "last")}
        graph.add_edge(row["a"], row["b"], key=number, weight=contacts_of(row), **features, **moments)
    return graph


def graph_files(contents: Contents, written: datetime, formats: frozenset[str]) -> dict[str, bytes]:
    """``graph.graphml`` and ``graph.gexf``, where ``formats`` names them; the same arguments give the same bytes."""
    graph = as_networkx(contents)
    files = {}
    if "graphml" in formats:
        buffer = io.BytesIO()
        nx.write_graphml_xml(graph, buffer, encoding="utf-8", infer_numeric_types=False)
        files["graph.graphml"] = buffer.getvalue()
    if "gexf" in formats:
        buffer = io.BytesIO()
        nx.write_gexf(graph, buffer, encoding="utf-8")
        files["graph.gexf"] = _dated(buffer.getvalue(), written)
    return files


def _dated(gexf: bytes, written: datetime) -> bytes:
    """The GEXF with the report's date: networkx writes the day of its own clock."""
    return _MODIFIED.sub(f'lastmodifieddate="{written.astimezone(UTC):%Y-%m-%d}"'.encode(), gexf, count=1)
