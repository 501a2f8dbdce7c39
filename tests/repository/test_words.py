"""Every word a person sees is in the catalogue, in Chinese, and the compiled catalogue is current."""

from __future__ import annotations

import ast
import io
import re
import string
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from tests.repository.checkout import PRODUCT, ROOT, python_files, tree

CATALOGUE = ROOT / "runner/locale/zh_CN/LC_MESSAGES/twokey.po"

_KEYWORDS = ("_", "N_")
_CHINESE = "\u4e00-\u9fff"
_HALF_WIDTH = re.compile(rf"[{_CHINESE}][,;:?!()]|[,;:?!()][{_CHINESE}]")


def test_every_word_has_a_translation() -> None:
    translated = {message.id for message in _catalogue() if message.string}
    assert sorted(set(_words()) - translated) == [], "make words, translate, make words"


def test_no_translation_is_left_over() -> None:
    used = set(_words())
    assert [message.id for message in _catalogue() if message.id and message.id not in used] == [], "make words"


def test_no_translation_is_a_guess() -> None:
    assert [message.id for message in _catalogue() if message.id and message.fuzzy] == []


def test_translations_have_the_same_facts() -> None:
    assert [wrong for message in _catalogue() for wrong in _wrong_facts(str(message.id), str(message.string))] == []


def test_translations_compile() -> None:
    catalogue = _catalogue()
    assert [(message.id, str(found)) for message, wrong in catalogue.check() for found in wrong] == []


def test_chinese_is_set_in_full_width() -> None:
    assert [
        str(message.string) for message in _catalogue() if message.id and _HALF_WIDTH.search(str(message.string))
    ] == []


def test_compiled_catalogue_is_current() -> None:
    compiled = io.BytesIO()
    write_mo(compiled, _catalogue())
    assert CATALOGUE.with_suffix(".mo").read_bytes() == compiled.getvalue(), "make words"


def test_words_are_given_whole() -> None:
    assert [f"{path}:{line}" for path in python_files(*PRODUCT) for line in _composed(tree(path))] == []


def test_messages_of_errors_are_marked() -> None:
    errors = _errors(tree(path) for path in python_files(*PRODUCT))
    assert {"RunnerError", "UsageError", "RefusedError"} <= errors
    bare = [f"{path}:{line}" for path in python_files(*PRODUCT) for line in _unmarked(tree(path), errors)]
    assert bare == []


@pytest.mark.parametrize("source", ['_(f"{a} b")', '_("a" + b)', '_("a %s" % b)', '_("a {x}".format(x=1))', "N_(name)"])
def test_composed_words_are_seen(source: str) -> None:
    assert list(_composed(ast.parse(source))) == [1]


@pytest.mark.parametrize(
    "source", ['_("a {b}")', '_("a " "b")', "_(message)", "_(self.message)", "_(LABELS[state])", 'N_("a")']
)
def test_whole_words_pass(source: str) -> None:
    assert list(_composed(ast.parse(source))) == []


def test_unmarked_messages_are_seen() -> None:
    module = ast.parse(
        "class OwnError(UsageError): ...\n"
        "raise OwnError('bare')\n"
        "raise UsageError(N_('marked'), hint='bare')\n"
        "raise UsageError(N_('marked'), hint=N_('marked'), path='a fact')\n"
        "raise ValueError('of Python')\n"
    )
    errors = _errors([tree(PurePosixPath("runner/errors.py")), module])
    assert list(_unmarked(module, errors)) == [2, 3]


def test_wrong_facts_are_seen() -> None:
    assert list(_wrong_facts("{a} of {b}", "{b} {a}")) == []
    assert list(_wrong_facts("{a} of {b}", "{a}")) != []
    assert list(_wrong_facts("{a}", "{A}")) != []
    assert list(_wrong_facts("{a}", "{a")) != []


def _catalogue() -> Catalog:
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="zh_CN")


def _words() -> Iterator[str]:
    """Message ids in the product."""
    for path in python_files(*PRODUCT):
        for _, message, _, _ in extract_from_file("python", ROOT / path, keywords=dict.fromkeys(_KEYWORDS)):
            yield str(message)


def _wrong_facts(message: str, translation: str) -> Iterator[str]:
    """What is wrong with the placeholders of a translation, if it has one."""
    if not message or not translation:
        return
    try:
        same = _facts(message) == _facts(translation)
    except ValueError as error:
        yield f"{message!r}: {error}"
    else:
        if not same:
            yield f"{message!r}: {translation!r}"


def _facts(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def _composed(module: ast.Module) -> Iterator[int]:
    """Lines where `_` gets something other than a literal or a stored message, or `N_` other than a literal."""
    for node in ast.walk(module):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id not in _KEYWORDS:
            continue
        word = node.args[0] if len(node.args) == 1 and not node.keywords else None
        literal = isinstance(word, ast.Constant) and isinstance(word.value, str)
        stored = node.func.id == "_" and isinstance(word, ast.Name | ast.Attribute | ast.Subscript)
        if not literal and not stored:
            yield node.lineno


def _errors(modules: Iterable[ast.Module]) -> set[str]:
    """Names of the classes below RunnerError, its own included."""
    bases = {
        node.name: {base.id if isinstance(base, ast.Name) else getattr(base, "attr", "") for base in node.bases}
        for module in modules
        for node in ast.walk(module)
        if isinstance(node, ast.ClassDef)
    }
    errors = {"RunnerError"}
    while more := {name for name, parents in bases.items() if parents & errors} - errors:
        errors |= more
    return errors


def _unmarked(module: ast.Module, errors: set[str]) -> Iterator[int]:
    """Lines where an error gets a plain literal as its message or hint."""
    for node in ast.walk(module):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name in errors:
            said = [*node.args[:1], *(keyword.value for keyword in node.keywords if keyword.arg in {"message", "hint"})]
            if any(isinstance(word, ast.Constant | ast.JoinedStr | ast.BinOp) and _is_text(word) for word in said):
                yield node.lineno


def _is_text(word: ast.expr) -> bool:
    return not isinstance(word, ast.Constant) or (isinstance(word.value, str) and word.value != "")
