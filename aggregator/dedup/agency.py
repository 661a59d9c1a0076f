"""Name the news agency that a text says it comes from."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from aggregator.arabic.fold import fold
from aggregator.arabic.tables import lines

_HEAD = 160  # characters in which a dateline stands
_TAIL = 120
_WORD = re.compile(r"[^\W\d_]+")


class _Forms(NamedTuple):
    pattern: re.Pattern[str]
    names: dict[str, str]
    starts: frozenset[str]  # first words of the forms: most texts have none of them


@cache
def _forms() -> _Forms:
    names: dict[str, str] = {}
    for line in lines("agencies.tsv"):
        name, forms = line.split("\t")
        names |= {fold(form): name for form in forms.split("|")}
    alternatives = []
    for form in sorted(names, key=len, reverse=True):
        literal = re.escape(form).replace(r"\ ", r"\s+")
        # one short word is a name only where a dateline stands: «الرباط - واج:», «(وكالات)»
        alternatives.append(
            literal if len(form) > 8 or " " in form or "." in form else rf"(?:(?<=[(\[/:-])|(?<=[(\[/:-] )|^){literal}(?= ?[)\]/:-])"
        )
    pattern = re.compile(r"(?<!\w)(?:" + "|".join(alternatives) + r")(?!\w)", re.MULTILINE)
    return _Forms(
        pattern, {re.sub(r"\s", "", form): name for form, name in names.items()}, frozenset(_WORD.findall(form)[0] for form in names)
    )


def agency(body: str) -> str:
    """Give the agency named in a body's dateline or signature, or ``""``.

    >>> agency("الرياض - واس: استقبل الأمير"), agency("قال شهود (أ ف ب) إن النار"), agency("قالت وكالة السفر في باريس إن الرحلة ألغيت")
    ('واس', 'أ ف ب', '')
    """
    text = body.strip()
    edges = fold(text if len(text) <= _HEAD + _TAIL else f"{text[:_HEAD]}\n{text[-_TAIL:]}")
    forms = _forms()
    if forms.starts.isdisjoint(_WORD.findall(edges)):
        return ""
    found = forms.pattern.search(edges.replace("–", "-").replace("—", "-"))
    return forms.names[re.sub(r"\s", "", found.group())] if found else ""
