"""Text that site authors write in both languages."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence in English and Chinese."""

    en: str
    zh: str

    def in_language(self, language: str) -> str:
        """The sentence in `language`; English for an unknown one."""
        return self.zh if language == "zh" else self.en
