# SPDX-License-Identifier: Apache-2.0
"""What the library says of the command line, said of Sandbox.

Its messages name options, which is right for the tool and means nothing to a
caller from Python. The key table has both names, so nothing is listed here;
what stands between quotes is somebody's and stays.
"""
from __future__ import annotations

import re
from typing import Any, Callable, Dict, Iterable, NamedTuple


class Word(NamedTuple):
    """An option as a message may have it, and the argument it stands for."""
    argument: str
    is_list: bool


_OPTION = re.compile(
    r"""(?<!\w)(?P<quoted>'[^']*'|"[^"]*")"""
    r"|(?<![\w-])--set (?P<key>[a-z_]+\.[a-z_]+)=(?P<set>[^\s;,]*)"
    r"|(?<![\w-])(?P<option>--?[a-z][a-z-]*)(?![\w=])"
    r"(?: (?P<value>'[^']*'|[A-Z]+\b|(?<=-p )[a-z]+))?")


def spell(text: str, options: Dict[str, Word], field: Callable[[str], str]) -> str:
    """@text with the options that @options knows as arguments of Sandbox."""

    def one(found: "re.Match[str]") -> str:
        if found["key"]:
            return "%s=%s" % (field(found["key"]), found["set"] or "None")
        option = found["option"] or ""
        word, value = options.get(option), found["value"]
        if word and value:
            if value.islower() and value[0] != "'":
                value = repr(value)
            return word.argument + ("=[%s]" if word.is_list else "=%s") % value
        if word:
            return word.argument
        if option.startswith("--no-") and "--" + option[5:] in options:
            return options["--" + option[5:]].argument + "=None"
        return found[0]

    return _OPTION.sub(one, text)


def table(rows: Iterable[Any], field: Callable[[str], str]) -> Dict[str, Word]:
    """From the rows of the key table, by either spelling of an option."""
    words = {}
    for row in rows:
        for option in (row.flag, row.short):
            if option and (row.of_policy or row.name == "profile"):
                words[option] = Word(field(row.name),
                                     row.is_list or row.name == "profile")
    return words
