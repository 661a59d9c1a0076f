"""Name the news agency that a text says it comes from."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from aggregator.arabic.fold import fold
from aggregator.arabic.tables import lines
from aggregator.arabic.tokens import cut

_HEAD = 160  # characters in which a dateline stands
_TAIL = 120


class _Forms(NamedTuple):
    names: dict[str, str]
    patterns: dict[str, re.Pattern[str]]  # first word of a form -> the forms that begin with it: most texts have none of them


@cache
def _forms() -> _Forms:
    names: dict[str, str] = {}
    for line in lines("agencies.tsv"):
        name, forms = line.split("\t")
        names |= {fold(form): name for form in forms.split("|")}
    alternatives: dict[str, list[str]] = {}
    for form in sorted(names, key=len, reverse=True):
        literal = re.escape(form).replace(r"\ ", r"\s+")
        # one short word is a name only where a dateline stands: «الرباط - واج:», «(وكالات)»
        alternatives.setdefault(cut(form)[0], []).append(
            literal if len(form) > 8 or " " in form or "." in form else rf"(?:(?<=[(\[/:-])|(?<=[(\[/:-] )|^){literal}(?= ?[)\]/:-])"
        )
    return _Forms(
        {re.sub(r"\s", "", form): name for form, name in names.items()},
        {start: re.compile(r"(?<!\w)(?:" + "|".join(forms) + r")(?!\w)", re.MULTILINE) for start, forms in alternatives.items()},
    )


def agency(body: str) -> str:
    """Give the agency named in a body's dateline or signature, or ``""``.

    >>> agency("الرياض - واس: استقبل الأمير"), agency("قال شهود (أ ف ب) إن النار"), agency("قالت وكالة السفر في باريس إن الرحلة ألغيت")
    ('واس', 'أ ف ب', '')
    """
    text = body.strip()
    edges = fold(text if len(text) <= _HEAD + _TAIL else f"{text[:_HEAD]}\n{text[-_TAIL:]}")
    forms = _forms()
    patterns = [forms.patterns[word] for word in forms.patterns.keys() & cut(edges)]
    if not patterns:
        return ""
    edges = edges.replace("–", "-").replace("—", "-")
    found = min(filter(None, (pattern.search(edges) for pattern in patterns)), key=re.Match.start, default=None)
    return forms.names[re.sub(r"\s", "", found.group())] if found else ""
