"""The two walks against oracles that share no code with them."""

from __future__ import annotations

import networkx as nx
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.sparse.linalg import expm_multiply

from clew.cells.walks import heat_kernel, page_rank, transition

EDGES = st.lists(
    st.tuples(st.integers(0, 11), st.integers(0, 11), st.floats(0.1, 9.0)).filter(lambda e: e[0] != e[1]),
    min_size=1,
    max_size=40,
)


def weights(edges: list[tuple[int, int, float]], size: int = 12) -> sparse.csr_array:
    dense = np.zeros((size, size))
    for a, b, weight in edges:
        dense[a, b] = dense[b, a] = weight
    return sparse.csr_array(dense)


@settings(max_examples=60, deadline=None)
@given(edges=EDGES, time=st.floats(0.1, 12.0))
def test_heat_kernel_is_the_matrix_exponential(edges: list[tuple[int, int, float]], time: float) -> None:
    matrix = weights(edges)
    step = transition(matrix, np.ones(12, bool))
    source = np.zeros(12)
    source[edges[0][0]] = 1.0
    exact = expm_multiply(-time * (sparse.eye_array(12).tocsr() - step), source)
    assert np.allclose(heat_kernel(step, source, time), exact, rtol=1e-9, atol=1e-12)


@settings(max_examples=60, deadline=None)
@given(edges=EDGES, follow=st.floats(0.1, 0.95))
def test_page_rank_is_that_of_networkx(edges: list[tuple[int, int, float]], follow: float) -> None:
    matrix = weights(edges)
    graph = nx.from_scipy_sparse_array(matrix)
    graph.remove_nodes_from([n for n, d in dict(graph.degree).items() if d == 0])  # networkx has rules of its own there
    start = edges[0][0]
    expected = nx.pagerank(graph, alpha=follow, personalization={start: 1.0}, tol=1e-14, max_iter=2000)
    source = np.zeros(12)
    source[start] = 1.0
    found = page_rank(transition(matrix, np.ones(12, bool)), source, follow)
    assert np.allclose([found[n] for n in graph], [expected[n] for n in graph], atol=1e-9)


@settings(max_examples=30, deadline=None)
@given(edges=EDGES)
def test_no_walk_leaves_a_hub(edges: list[tuple[int, int, float]]) -> None:
    passable = np.ones(12, bool)
    passable[edges[0][0]] = False
    step = transition(weights(edges), passable).toarray()
    assert not step[:, edges[0][0]].any()
    sums = step.sum(axis=0)
    assert np.all(np.isclose(sums, 1.0) | (sums == 0.0))
