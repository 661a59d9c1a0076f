"""What the demo's outlets send: feeds in several forms, list pages, article pages, pictures. Pure."""

from __future__ import annotations

import colorsys
import json
import math
import struct
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape

from aggregator.demo.newsroom import Piece, Style

# characters that XML forbids never leave an outlet that builds its feeds with a library
_KEPT = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF])


def clean(text: str) -> str:
    """Give a text that XML allows."""
    return text.translate(_KEPT)


def paragraphs(body: str) -> str:
    """Give a body as HTML paragraphs."""
    return "".join(f"<p>{escape(line.strip())}</p>\n" for line in clean(body).split("\n") if line.strip())


def feed(style: Style, pieces: Sequence[Piece], home: str, link: dict[int, str]) -> tuple[bytes, str]:
    """Give an outlet's feed and its content type."""
    match style.form:
        case "atom":
            return _atom(style, pieces, home, link).encode(), "application/atom+xml"
        case "json":
            return _json(style, pieces, home, link).encode(), "application/feed+json"
        case "rdf":
            return _rdf(style, pieces, home, link).encode(), "application/rss+xml"
        case "sitemap":
            return _sitemap(style, pieces, link).encode(), "application/xml"
    text = _rss(style, pieces, home, link)
    if style.broken:
        # as daily bread is: a bare ampersand in a title, and the end of the document missing
        text = text.replace("&amp;", "&").replace("</channel></rss>", "")
    declared = "" if style.encoding != "utf-8" else ' encoding="utf-8"'
    return (f'<?xml version="1.0"{declared}?>\n' + text).encode(style.encoding, "xmlcharrefreplace"), "text/xml"


def _rss(style: Style, pieces: Sequence[Piece], home: str, link: dict[int, str]) -> str:
    rows = []
    for piece in pieces:
        date = f"<pubDate>{format_datetime(piece.published)}</pubDate>" if piece.published else ""
        creator = f"<dc:creator>{escape(clean(piece.author))}</dc:creator>" if piece.author else ""
        intro = escape(clean(piece.body.split("\n")[0][:300]))
        whole = "" if style.form == "summary" else f"<content:encoded>{escape(paragraphs(piece.body))}</content:encoded>"
        image = f'<enclosure url="{escape(_image(piece, home))}" type="image/png" length="0"/>' if piece.image else ""
        rows.append(
            f"<item><title>{escape(clean(piece.title))}</title><link>{escape(link[piece.number])}</link>"
            f'<guid isPermaLink="false">{escape(guid(piece))}</guid>{date}{creator}<description>{intro}</description>{whole}{image}</item>'
        )
    return (
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>'
        f"<title>{escape(style.outlet.name)}</title><link>{home}</link><description>{escape(style.outlet.name)}</description>\n"
        + "\n".join(rows)
        + "</channel></rss>"
    )


def _atom(style: Style, pieces: Sequence[Piece], home: str, link: dict[int, str]) -> str:
    rows = []
    for piece in pieces:
        stamp = (piece.published or datetime(2026, 1, 1, tzinfo=UTC)).isoformat()
        author = f"<author><name>{escape(piece.author)}</name></author>" if piece.author else ""
        image = f'<link rel="enclosure" type="image/png" href="{escape(_image(piece, home))}"/>' if piece.image else ""
        rows.append(
            f'<entry><id>{escape(guid(piece))}</id><title>{escape(clean(piece.title))}</title><link href="{escape(link[piece.number])}"/>'
            f'<published>{stamp}</published><updated>{stamp}</updated>{author}{image}<content type="html">{escape(paragraphs(piece.body))}</content></entry>'
        )
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="ar"><title>{escape(style.outlet.name)}</title>'
        f'<id>{home}</id><link href="{home}"/><updated>2026-01-01T00:00:00Z</updated>\n' + "\n".join(rows) + "</feed>"
    )


def _json(style: Style, pieces: Sequence[Piece], home: str, link: dict[int, str]) -> str:
    rows = [
        {
            "id": guid(piece),
            "url": link[piece.number],
            "title": piece.title,
            "content_html": paragraphs(piece.body),
            **({"date_published": piece.published.isoformat()} if piece.published else {}),
            **({"image": _image(piece, home)} if piece.image else {}),
            **({"authors": [{"name": piece.author}]} if piece.author else {}),
        }
        for piece in pieces
    ]
    head = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": style.outlet.name,
        "home_page_url": home,
        "language": style.outlet.language,
    }
    return json.dumps({**head, "items": rows}, ensure_ascii=False)


def _rdf(style: Style, pieces: Sequence[Piece], home: str, link: dict[int, str]) -> str:
    rows = [
        f'<item rdf:about="{escape(guid(piece))}"><title>{escape(clean(piece.title))}</title><link>{escape(link[piece.number])}</link>'
        f"<description>{escape(paragraphs(piece.body))}</description>"
        + (f"<dc:date>{piece.published.isoformat()}</dc:date>" if piece.published else "")
        + (f"<dc:creator>{escape(piece.author)}</dc:creator>" if piece.author else "")
        + "</item>"
        for piece in pieces
    ]
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="{home}"><title>{escape(style.outlet.name)}</title><link>{home}</link>'
        f"<description>{escape(style.outlet.name)}</description></channel>\n" + "\n".join(rows) + "</rdf:RDF>"
    )


def _sitemap(style: Style, pieces: Sequence[Piece], link: dict[int, str]) -> str:
    rows = [
        f"<url><loc>{escape(link[piece.number])}</loc><news:news><news:publication><news:name>{escape(style.outlet.name)}</news:name>"
        f"<news:language>{style.outlet.language}</news:language></news:publication>"
        + (f"<news:publication_date>{piece.published.isoformat()}</news:publication_date>" if piece.published else "")
        + f"<news:title>{escape(clean(piece.title))}</news:title></news:news></url>"
        for piece in pieces
    ]
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">\n' + "\n".join(rows) + "</urlset>"
    )


def guid(piece: Piece) -> str:
    """Give an article's id in its feed."""
    return piece.url if "://" in piece.url else f"urn:demo:{piece.outlet}:{piece.number}"


def _image(piece: Piece, home: str) -> str:
    return piece.image if "://" in piece.image else home + piece.image


def list_page(style: Style, pieces: Sequence[Piece], home: str, link: dict[int, str]) -> bytes:
    """Give an outlet's front page: a menu, the latest articles as a list, a footer."""
    rows = []
    for piece in pieces:
        date = f'<time datetime="{piece.published.isoformat()}">{piece.published:%d/%m/%Y %H:%M}</time>' if piece.published else ""
        image = f'<img src="{escape(_image(piece, home))}" alt="">' if piece.image else ""
        rows.append(
            f'<li>{image}<h3><a href="{escape(link[piece.number])}">{escape(piece.title)}</a></h3>{date}<p class="intro">{escape(_beginning(piece.body))}</p></li>'
        )
    return (
        f'<!doctype html><html lang="{style.outlet.language}" dir="rtl"><head><meta charset="utf-8"><title>{escape(style.outlet.name)}</title></head><body>'
        f'<nav><ul class="menu"><li><a href="{home}">الرئيسية</a></li><li><a href="{home}about">من نحن</a></li><li><a href="{home}contact">اتصل بنا</a></li></ul></nav>'
        f'<main><ul class="news">{"".join(rows)}</ul></main><footer><p>جميع الحقوق محفوظة</p></footer></body></html>'
    ).encode()


def article_page(style: Style, piece: Piece, home: str, others: Sequence[Piece], link: dict[int, str]) -> bytes:
    """Give an article's page with what surrounds articles: menu, share bar, related headlines, comments, footer."""
    stamp = piece.published.isoformat() if piece.published else ""
    related = "".join(f'<li><a href="{escape(link[each.number])}">{escape(each.title)}</a></li>' for each in others if each.number in link)
    image = (
        f'<figure><img src="{escape(_image(piece, home))}" alt=""><figcaption>صورة من الأرشيف</figcaption></figure>' if piece.image else ""
    )
    author = f'<span class="author">كتب/ {escape(piece.author)}</span>' if piece.author else ""
    direction = "ltr" if style.outlet.language == "fr" else "rtl"
    return (
        f'<!doctype html><html lang="{style.outlet.language}" dir="{direction}"><head><meta charset="utf-8">'
        f"<title>{escape(clean(piece.title))} - {escape(style.outlet.name)}</title>"
        f'<meta property="og:title" content="{escape(clean(piece.title))}"><meta property="og:site_name" content="{escape(style.outlet.name)}">'
        + (f'<meta property="og:image" content="{escape(_image(piece, home))}">' if piece.image else "")
        + (f'<meta property="article:published_time" content="{stamp}">' if stamp else "")
        + f'<link rel="canonical" href="{escape(link[piece.number])}"></head><body>'
        f'<header><a href="{home}"><img src="{home}logo.png" alt="{escape(style.outlet.name)}"></a><nav><ul><li><a href="{home}">الرئيسية</a></li>'
        f'<li><a href="{home}politics">سياسة</a></li><li><a href="{home}sport">رياضة</a></li></ul></nav></header>'
        f'<main><article><h1>{escape(clean(piece.title))}</h1><div class="meta">{author}'
        + (f'<time datetime="{stamp}">{piece.published:%d/%m/%Y - %H:%M}</time>' if piece.published else "")
        + f'</div>{image}<div class="share"><a href="#">فيسبوك</a> <a href="#">واتساب</a></div><div class="entry-content">{paragraphs(piece.body)}</div></article>'
        f'<aside class="related"><h4>اقرأ أيضا</h4><ul>{related}</ul></aside><section class="comments"><h4>تعليقات الزوار</h4><p>لا توجد تعليقات</p></section></main>'
        f"<footer><p>جميع الحقوق محفوظة © {escape(style.outlet.name)}</p></footer></body></html>"
    ).encode("utf-8", "replace")


def picture(number: int) -> bytes:
    """Give a PNG of 640×360 points: a sun over four ridges, whose colours and shapes come from the number."""
    width, height, hue = 640, 360, (number * 0.137) % 1.0
    skies = [_colour(hue, 0.88 - 0.012 * step, 0.45) for step in range(13)]
    palette = [*skies, _colour(0.12, 0.9, 0.8), *(_colour(hue, 0.62 - 0.14 * each, 0.32) for each in range(4))]
    sky = bytes(min(12, y * 20 // height) for y in range(height))
    middle, rise, size = width * (0.25 + 0.5 * ((number * 0.31) % 1.0)), height * 0.27, 34
    columns = []
    for x in range(width):
        column = bytearray(sky)
        if abs(x - middle) < size:
            half = math.sqrt(size**2 - (x - middle) ** 2)
            top, end = int(rise - half), int(rise + half)
            column[top:end] = b"\x0d" * (end - top)
        for each in range(4):
            ridge = height * (0.42 + 0.13 * each) + 26 * math.sin(x / (140 - 18 * each) + number + 2 * each)
            top = int(ridge + 11 * math.sin(x / (47 + 9 * each) + number * 3 + each))
            column[top:] = bytes([14 + each]) * (height - top)
        columns.append(column)
    rows = b"".join(b"\0" + bytes(row) for row in zip(*columns, strict=True))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0))
        + chunk(b"PLTE", b"".join(palette))
        + chunk(b"IDAT", zlib.compress(rows, 6))
        + chunk(b"IEND", b"")
    )


def _colour(hue: float, light: float, strength: float) -> bytes:
    return bytes(round(255 * part) for part in colorsys.hls_to_rgb(hue % 1.0, light, strength))


def _beginning(text: str) -> str:
    return text if len(text) <= 160 else text[:160].rsplit(" ", 1)[0] + " …"
