"""A database of many invented stories, loaded in bulk: what the reading side is measured on.

Words follow a Zipf curve over 20,000 forms, as a newspaper's do: the commonest stands in nine texts of ten, most in a handful.
One story in six has reports of two to six outlets; times are half a minute apart.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import random
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

COMMON = [
    "الحكومة",
    "المغرب",
    "الرباط",
    "وزارة",
    "التعليم",
    "الصحة",
    "مشروع",
    "قانون",
    "البرلمان",
    "الملك",
    "البيضاء",
    "مراكش",
    "طنجة",
    "فاس",
    "أكادير",
    "الأمن",
    "توقيف",
    "حادث",
    "سير",
    "المنتخب",
    "الوطني",
    "مباراة",
    "كأس",
    "إفريقيا",
    "الاقتصاد",
    "أسعار",
    "المحروقات",
    "الفلاحة",
    "الجفاف",
    "السدود",
    "الأمطار",
    "الطقس",
    "السياحة",
    "الاستثمار",
    "الشركات",
    "البنك",
    "انتخابات",
    "الأحزاب",
    "النقابات",
    "إضراب",
    "الأساتذة",
    "الجامعة",
    "المستشفى",
    "الأطباء",
    "دواء",
    "لقاح",
    "المحكمة",
    "حكم",
    "قضية",
    "محامي",
    "الصحافة",
    "الثقافة",
    "مهرجان",
    "فيلم",
]
FORMS = 20_000
OUTLETS = 40
COUNTRIES = ("MA", "DZ", "TN", "EG", "")
TOPICS = ("", "sport", "economy", "world")
CHUNK = 2_000


def vocabulary() -> list[str]:
    """Give the words, commonest first: real ones, then roots in the moulds of Arabic nouns."""
    rng = random.Random(5)
    letters = "بتثجحخدذرزسشصضطظعغفقكلمنهوي"
    moulds = ("{0}ا{1}{2}", "م{0}{1}و{2}", "{0}{1}ي{2}", "ت{0}{1}ي{2}", "{0}{1}ا{2}", "ال{0}{1}{2}", "است{0}{1}ا{2}", "{0}{1}{2}ات")
    roots = ["".join(each) for each in itertools.product(letters, repeat=3)]
    rng.shuffle(roots)
    made = (mould.format(*root) for root in roots for mould in moulds)
    return list(dict.fromkeys([*COMMON, *itertools.islice(made, FORMS)]))[:FORMS]


def fill(folder: Path, count: int) -> float:
    """Make ``count`` stories in ``folder`` and give the seconds that it took."""
    from aggregator.model import Outlet, Source
    from aggregator.settings import StorageSettings
    from aggregator.store import Store, search

    start = time.perf_counter()
    rng = random.Random(7)
    words = vocabulary()
    weights = list(itertools.accumulate(1 / (rank + 3) for rank in range(len(words))))
    now = datetime.now(UTC).replace(microsecond=0)
    outlets = [Outlet(f"o{n}", f"منبر {n}", country=COUNTRIES[n % 5], language="ar") for n in range(OUTLETS)]
    sources = [Source(f"s{n}", o, addresses=(f"https://{o.id}.example/feed",), topic=TOPICS[n % 4]) for n, o in enumerate(outlets)]

    def say(length: int) -> str:
        return " ".join(rng.choices(words, cum_weights=weights, k=length))

    with Store.open(f"sqlite:///{folder / 'mujaz.db'}", folder=folder, settings=StorageSettings()) as store:
        store.sync_catalogue(sources)
        item = 0
        for first in range(1, count + 1, CHUNK):
            stories, items, bodies, texts = [], [], [], []
            for story in range(first, min(first + CHUNK, count + 1)):
                at = int((now - timedelta(seconds=30 * (count - story))).timestamp() * 1000)
                title, body = f"{say(8)} {story}", "\n\n".join(say(40) for _ in range(3))
                size = rng.randint(2, 6) if story % 6 == 0 else 1
                stories.append((story, at, at + 60_000 * size, at, at + 60_000 * size, size, size, size / 2 + at / 86_400_000))
                for n in range(size):
                    item += 1
                    outlet = (story + n) % OUTLETS
                    own = title if n == 0 else f"{say(2)} {title}"
                    items.append(_item(item, story, outlet, own, body[:200], at + 60_000 * n, n))
                    bodies.append((item, body, f"<p>{body}</p>"))
                    texts.append((item, own, search.terms(own, body)))
            with store.database.write() as c:
                _insert(c, "story", ("id", "first_at", "last_at", "shown_at", "updated_at", "size", "independent", "spread"), stories)
                _insert(c, "item", tuple(items[0]), [tuple(each.values()) for each in items])
                _insert(c, "body", ("item", "text", "html"), bodies)
                search.put(c, texts)
    return time.perf_counter() - start


def _item(number: int, story: int, outlet: int, title: str, summary: str, at: int, place: int) -> dict[str, object]:
    def digest(kind: str) -> bytes:
        return hashlib.blake2b(f"{kind}{number}".encode(), digest_size=16).digest()

    url = f"https://o{outlet}.example/{number}"
    return {
        "id": number,
        "story": story,
        "source": f"s{outlet}",
        "outlet": f"o{outlet}",
        "country": COUNTRIES[outlet % 5],
        "language": "ar",
        "topic": TOPICS[outlet % 4],
        "guid": digest("g"),
        "guid_text": url,
        "address": digest("a"),
        "sameness": digest("s"),
        "substance": digest("b"),
        "url": url,
        "title": title,
        "summary": summary,
        "author": "",
        "published": at,
        "updated": None,
        "seen_at": at + 60_000,
        "shown_at": at,
        "image": f"https://o{outlet}.example/{number}.jpg" if number % 3 else "",
        "image_credit": "",
        "source_link": "",
        "agency": "",
        "confidence": 0.8,
        "categories": "[]",
        "flags": "[]",
        "score": 0.9 if place else None,
        "why": json.dumps(["words|7|8"] if place else []),
        "matched": number - place if place else None,
        "verbatim": False,
        "restricted": False,
        "dedup_version": 1,
    }


def _insert(c: object, table: str, columns: tuple[str, ...], rows: list[tuple[object, ...]]) -> None:
    from aggregator.store import bulk

    bulk.insert(table, columns).run(c, rows)  # type: ignore[arg-type]
