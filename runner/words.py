"""The words people see, in their language.

Every sentence shown to a person is an English message id, given to `_` where it is shown or marked with `N_` where
it is only stored. The catalogues lie in `runner/locale`. The service stores and sends message ids with their facts;
the client that shows them translates, so two people may read one refusal in two languages.
"""

from __future__ import annotations

import gettext
import os
from pathlib import Path

LANGUAGES = ("en", "zh")
"""Languages with a complete catalogue; English is the message id itself."""

_CATALOGUES = Path(__file__).with_name("locale")
_FOLDERS = {"zh": "zh_CN"}

_chosen = ["en"]
"""One language for the whole process: a switch at run time reaches every task and thread."""
_loaded: dict[str, gettext.NullTranslations] = {"en": gettext.NullTranslations()}


def N_(message: str) -> str:  # noqa: N802 - gettext's customary name
    """Mark a message id for the catalogue without translating it now."""
    return message


def _(message: str) -> str:
    """Translate a message id into the current language."""
    return _catalogue(_chosen[0]).gettext(message) if message else ""


def use_language(language: str) -> None:
    """Show words in `language` from now on; a language without catalogue means English."""
    _chosen[0] = language if language in LANGUAGES else "en"


def current_language() -> str:
    """The language words are shown in."""
    return _chosen[0]


def language_of_locale() -> str:
    """The language the environment asks for: Chinese if the locale is Chinese, else English."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"


def _catalogue(language: str) -> gettext.NullTranslations:
    if language not in _loaded:
        folder = _FOLDERS[language]
        _loaded[language] = gettext.translation("twokey", _CATALOGUES, [folder], fallback=True)
    return _loaded[language]
