from __future__ import annotations

import base64
import html
import json
import shlex
from urllib.parse import quote

import hypothesis.strategies as st
import pytest
from hypothesis import example, given

from runner.engine.ansible_side.masking import MASK, Masks, Plain

_SECRETS = st.text(st.characters(exclude_characters="*", exclude_categories=["Cs"]), min_size=4).filter(
    lambda text: len(text.strip()) >= 4
)
_LONG = st.text(st.characters(exclude_characters="*", exclude_categories=["Cs", "Cc"]), min_size=6).filter(
    lambda text: len(text.strip()) == len(text)
)
_JSON: st.SearchStrategy[Plain] = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=4),
    max_leaves=10,
)


def _texts(value: Plain) -> list[str]:
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    if isinstance(value, dict):
        return [text for name, item in value.items() for text in [name, *_texts(item)]]
    return [] if value is None or isinstance(value, bool) else [str(value)]


@given(_SECRETS, _JSON, st.text(st.characters(exclude_categories=["Cs"])))
@example("0000", 3906250000, "")
def test_a_value_is_found_wherever_it_stands(secret: str, around: Plain, beside: str) -> None:
    masks = Masks([secret])
    value: Plain = [around, {f"{beside}{secret}": f"{secret}{beside}", "inside": [json.dumps({"deep": secret})]}]
    assert masks.hides(json.dumps(value, ensure_ascii=False))
    assert not [text for text in _texts(masks.value(value)) if secret in text]
    assert masks.count >= 3


@given(_JSON)
def test_without_values_nothing_is_changed(value: Plain) -> None:
    masks = Masks([])
    assert not masks.hides(json.dumps(value))
    assert masks.value(value) == value
    assert masks.count == 0


@pytest.mark.parametrize(
    "spelled",
    [
        'pa"ss\\wörd',
        repr('pa"ss\\wörd')[1:-1],
        json.dumps('pa"ss\\wörd')[1:-1],
        quote('pa"ss\\wörd'),
        base64.b64encode('pa"ss\\wörd'.encode()).decode(),
    ],
)
def test_common_spellings_of_a_value_are_found(spelled: str) -> None:
    assert Masks(['pa"ss\\wörd']).text(f"before {spelled} after") == f"before {MASK} after"


def test_the_lines_of_a_value_are_found_one_by_one() -> None:
    masks = Masks(["-----BEGIN-----\nabcdefgh\nshort\n"])
    assert masks.value(["-----BEGIN-----", "abcdefgh", "short"]) == [MASK, MASK, "short"]


def test_numbers_are_found_but_truth_values_are_not() -> None:
    masks = Masks(["1234", "True"])
    assert masks.value([1234, 51234, 123, True, None]) == [MASK, MASK, 123, True, None]


def test_a_longer_value_goes_before_the_one_it_begins_with() -> None:
    assert Masks(["secret", "secret-longer"]).text("secret-longer secret") == f"{MASK} {MASK}"


def test_names_that_become_equal_stay_apart() -> None:
    masks = Masks(["first", "other"])
    assert masks.members({"first": 1, "other": 2, MASK: 3}) == {MASK: 1, f"{MASK}+": 2, f"{MASK}++": 3}


@pytest.mark.parametrize("empty", ["", " ", "\n\t"])
def test_a_value_of_nothing_masks_nothing(empty: str) -> None:
    assert Masks([empty]).text("a b\n\tc") == "a b\n\tc"


@given(_LONG, st.binary(max_size=9), st.binary(max_size=9))
def test_base_64_is_found_in_the_middle_of_other_data(secret: str, before: bytes, after: bytes) -> None:
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        told = encode(before + secret.encode() + after).decode()
        assert MASK in Masks([secret]).text(told)


@given(_LONG)
def test_usual_spellings_are_found(secret: str) -> None:
    inside = json.dumps(secret)[1:-1]
    spellings = (json.dumps(inside), shlex.quote(secret), html.escape(secret), secret.encode().hex(), quote(secret))
    for spelling in spellings:
        assert MASK in Masks([secret]).text(f"<{spelling}>")


def test_base_64_in_lines_is_found_line_by_line() -> None:
    secret = "long-secret-" * 20
    told = base64.encodebytes(secret.encode()).decode()
    masks = Masks([secret])
    assert [masks.text(line) for line in told.splitlines()] == [MASK] * len(told.splitlines())


def test_lines_of_a_long_value_are_found_from_six_characters_on() -> None:
    masks = Masks(["first-line\nsixsix\nfive5\nlast-line"])
    assert [masks.text(line) for line in ("first-line", "sixsix", "five5")] == [MASK, MASK, "five5"]
