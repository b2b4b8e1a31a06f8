from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.model.conditions import (
    ALWAYS,
    NEVER,
    NOT_EMPTY,
    AllHold,
    AnyHolds,
    Atom,
    Negated,
    Operator,
    Request,
    conjunction,
    disjunction,
    negation,
)
from tests.model.strategies import truths

T, F, U = True, False, None


@pytest.mark.parametrize(("value", "expected"), [(T, F), (F, T), (U, U)])
def test_negation(value, expected):
    assert negation(value) is expected


@pytest.mark.parametrize(
    ("a", "b", "both", "either"),
    [
        (T, T, T, T),
        (T, F, F, T),
        (T, U, U, T),
        (F, T, F, T),
        (F, F, F, F),
        (F, U, F, U),
        (U, T, U, T),
        (U, F, F, U),
        (U, U, U, U),
    ],
)
def test_kleene(a, b, both, either):
    assert conjunction((a, b)) is both
    assert disjunction((a, b)) is either


def test_nothing_at_all():
    assert conjunction(()) is True
    assert disjunction(()) is False


def settled(values):
    """The values with every open one settled in every way."""
    return product(*((T, F) if value is U else (value,) for value in values))


@given(st.lists(truths, max_size=5))
def test_an_answer_holds_however_the_open_ones_settle(values):
    for connective, plain in ((conjunction, all), (disjunction, any)):
        outcomes = {plain(settled_values) for settled_values in settled(values)}
        assert connective(values) is (outcomes.pop() if len(outcomes) == 1 else None)


@given(st.lists(truths, max_size=5))
def test_de_morgan(values):
    assert negation(conjunction(values)) is disjunction(negation(value) for value in values)


def request(**subjects):
    return Request({name: tuple(values) for name, values in subjects.items()})


@pytest.mark.parametrize(
    ("operator", "value", "given_values", "expected"),
    [
        (Operator.EXACT, "GET", ["GET"], T),
        (Operator.EXACT, "GET", ["GETS"], F),
        (Operator.EXACT, "GET", ["POST", "GET"], T),
        (Operator.EXACT, "", [""], T),
        (Operator.EXACT, "GET", [], F),
        (Operator.PREFIX, "/api", ["/api/v1"], T),
        (Operator.PREFIX, "/api", ["/v1/api"], F),
        (Operator.SUFFIX, ".org", ["example.org"], T),
        (Operator.SUFFIX, ".org", ["example.orgs"], F),
        (Operator.PRESENT, "", [""], T),
        (Operator.PRESENT, "", [], F),
        (Operator.PATTERN, "a+", ["aaa"], T),
        (Operator.PATTERN, "a+", ["aaab"], F),
        (Operator.PATTERN, "a|ab", ["ab"], T),
    ],
)
def test_atom(operator, value, given_values, expected):
    assert Atom("method", operator, value).evaluate(request(method=given_values)) is expected


def test_what_nobody_told_is_not_so():
    atom = Atom("path", Operator.TOLD, "x")
    assert atom.evaluate(None) is False
    assert atom.evaluate(request(method=["GET"])) is False
    assert atom.evaluate(request(path=["x"])) is True
    assert atom.evaluate(request(path=["y"])) is False


@pytest.mark.parametrize("operator", [one for one in Operator if one is not Operator.TOLD])
def test_an_atom_is_open_where_the_request_is_silent(operator):
    assert Atom("path", operator, "x").evaluate(None) is None
    assert Atom("path", operator, "x").evaluate(request(method=["GET"])) is None


atoms = st.builds(Atom, st.sampled_from(["a", "b", "c"]), st.just(Operator.EXACT), st.just("1"))
conditions = st.recursive(
    atoms,
    lambda parts: st.one_of(
        st.lists(parts, max_size=3).map(lambda found: AllHold(tuple(found))),
        st.lists(parts, max_size=3).map(lambda found: AnyHolds(tuple(found))),
        parts.map(Negated),
    ),
    max_leaves=6,
)
partial_requests = st.dictionaries(st.sampled_from(["a", "b", "c"]), st.sampled_from([("1",), ("0",)])).map(Request)


@given(conditions, partial_requests)
def test_more_knowledge_never_turns_an_answer(condition, known):
    answer = condition.evaluate(known)
    for rest in product((("1",), ("0",)), repeat=3):
        full = Request({**dict(zip("abc", rest, strict=True)), **known.subjects})
        decided = condition.evaluate(full)
        assert decided is not None
        assert answer is None or answer is decided


@given(conditions)
def test_without_a_request_only_constants_are_decided(condition):
    answer = condition.evaluate(None)
    assert answer is condition.evaluate(Request())
    assert Negated(condition).evaluate(None) is negation(answer)


def test_constants():
    assert ALWAYS.evaluate(None) is True
    assert NEVER.evaluate(None) is False


GET = Atom("method", Operator.EXACT, "GET")
API = Atom("path", Operator.PREFIX, "/api")


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        (ALWAYS, "always"),
        (NEVER, "never"),
        (GET, "method = GET"),
        (API, "path starts with /api"),
        (Atom("host", Operator.SUFFIX, ".org"), "host ends with .org"),
        (Atom("sni", Operator.PATTERN, "a+"), "sni matches a+"),
        (Atom("header:x", Operator.PRESENT), "header:x is present"),
        (Atom("gRPC", Operator.TOLD, "no"), "gRPC is said to be no"),
        (AllHold((GET, API)), "method = GET and path starts with /api"),
        (AnyHolds((GET, AllHold((GET, API)))), "method = GET or (method = GET and path starts with /api)"),
        (Negated(AnyHolds((GET, API))), "not (method = GET or path starts with /api)"),
        (Negated(AllHold((GET,))), "not method = GET"),
    ],
)
def test_text(condition, text):
    assert str(condition) == text


@pytest.mark.parametrize(
    ("values", "expected"),
    [(("10.1.2.3",), T), (("10.2.0.1",), F), (("2001:db8::1",), T), ((), F), (("10.2.0.1", "10.1.0.0"), T)],
)
def test_an_address_in_blocks(values, expected):
    inside = Atom("forwarded", Operator.WITHIN, "10.1.0.0/16,2001:db8::/32")
    assert inside.evaluate(Request({"forwarded": values})) is expected
    assert inside.evaluate(None) is U
    assert str(inside) == "forwarded is in 10.1.0.0/16,2001:db8::/32"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (NOT_EMPTY, "path is not empty"),
        ("/a.*", "path matches /a.*"),
        (r"Bearer\ .*", "path matches Bearer .*"),
    ],
)
def test_a_pattern_in_words(value, text):
    assert str(Atom("path", Operator.PATTERN, value)) == text
