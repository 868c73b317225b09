import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.localization.bm25f import normalised
from tools.localization.density import WINDOW, densest
from tools.localization.embedding import cosine
from tools.localization.fusion import explain, fuse, load_weights
from tools.localization.lexis import path_terms, split_source, terms_of, text_fields
from tools.localization.neighbours import Edges, pagerank, reversed_edges


def test_terms_of_identifiers() -> None:
    assert terms_of("get_QuerySets") == ("get", "query", "set", "get_queryset")
    assert terms_of("HTTPServer") == ("http", "server", "httpserver")
    assert terms_of("self") == ()
    assert terms_of("E028") == ("e028",)
    assert path_terms("django/db/models/sql/query.py") == ["django", "db", "model", "sql", "query"]


def test_source_is_split_into_code_comments_and_strings() -> None:
    code, comments, strings = text_fields(
        split_source('x = "a # b"  # note\n"""Doc\nstring."""\ny = \'z\'\n', "python")
    )
    assert "x =" in code
    assert "y =" in code
    assert comments == '# note\n"""Doc\nstring."""'
    assert strings == "\"a # b\"\n'z'"


@pytest.mark.parametrize("style", ["python", "c", "php", "ruby", "plain"])
@given(text=st.text(alphabet=st.sampled_from(list("ab'\"#/*\\\n`-=")), max_size=200))
def test_splitting_loses_no_letters(style: str, text: str) -> None:
    pieces = text_fields(split_source(text, style))
    assert sorted(c for piece in pieces for c in piece if c in "ab") == sorted(c for c in text if c in "ab")


@given(
    st.dictionaries(st.integers(0, 8), st.dictionaries(st.integers(0, 8), st.floats(0.1, 5)), max_size=9),
    st.dictionaries(st.integers(0, 8), st.floats(0, 3), max_size=9),
)
def test_pagerank_is_a_distribution(raw: Edges, seeds: dict[int, float]) -> None:
    edges = {node: {target: w for target, w in raw.get(node, {}).items() if target != node} for node in range(9)}
    rank = pagerank(edges, seeds)
    assert all(value >= 0 for value in rank.values())
    assert sum(rank.values()) == pytest.approx(1.0 if sum(seeds.values()) > 0 else 0.0)
    assert reversed_edges(reversed_edges(edges)) == edges


def test_evidence_flows_along_edges() -> None:
    rank = pagerank({1: {2: 1.0}, 2: {}, 3: {}}, {1: 1.0})
    assert rank[1] > rank[2] > rank[3] == 0.0


def test_the_densest_place_counts_each_term_once() -> None:
    weights = {"red": 2.0, "car": 1.0}
    holding = {"red": ["red"], "car": ["car"], "redCar": ["red", "car"]}
    far = ["red", *["of"] * WINDOW, "car"]
    assert densest(far, holding, weights) == 2.0
    assert densest(["red", "red", "car"], holding, weights) == densest(["redCar"], holding, weights) == 3.0
    assert densest([*far, "red"], holding, weights) == 3.0
    assert densest([], holding, weights) == densest(["of"], holding, weights) == 0.0


def test_contributions_add_up_to_the_score() -> None:
    weights = {"text_title": 2.0, "path": -1.0}
    features = {"text_title": 0.5, "path": 1.0, "unknown": 3.0}
    reasons = explain(features, weights, {"path": "a.py"})
    assert (
        sum(reason.contribution for reason in reasons) == pytest.approx(fuse(features, weights)) == pytest.approx(0.0)
    )
    assert {(reason.signal, reason.detail) for reason in reasons} == {("text_title", ""), ("path", "a.py")}


def test_weights_of_all_stages_are_there() -> None:
    weights = load_weights()
    assert all(weights[stage] for stage in ("first", "files", "functions"))
    assert weights["files"]["coverage"] > 0


def test_small_measures() -> None:
    assert normalised({1: 2.0, 2: 4.0}) == {1: 0.5, 2: 1.0}
    assert normalised({1: 0.0}) == {}
    assert cosine([1.0, 0.0], [2.0, 0.0]) == 1.0
    assert cosine([0.0], [1.0]) == 0.0
