"""Every golden page gives exactly what its expected.json says."""

from __future__ import annotations

import pytest

from tests.golden.pages import Golden, f1, golden, real, tokens, written

PAGES = golden()


def test_there_are_thirty_pages_and_more() -> None:
    assert len(PAGES) >= 30


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_golden_page_is_read_as_expected(page: Golden) -> None:
    article, expected = page.extract(), page.expected
    assert article.body == expected["body"]
    found = {
        "title": article.title,
        "published": written(article.published),
        "author": article.author,
        "image": article.image,
        "source_link": article.source_link,
        "language": article.language,
        "flags": list(article.flags),
    }
    assert found == {name: expected[name] for name in found}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_confidence_is_high_where_the_body_is_right(page: Golden) -> None:
    assert 0.3 < page.extract().confidence <= 1


def test_real_pages_are_read_well() -> None:
    scores = []
    for page in real():
        article, expected = page.extract(), page.expected
        assert tokens(article.title) == tokens(expected["title"]), page.name
        if "published" in expected and expected["published"][:4].isdigit():
            # the truth's minutes are the feed's; the page shows when its editor began to write
            assert article.published is not None
            assert written(article.published)[:10] == expected["published"][:10], page.name  # type: ignore[index]
        if "body" in expected:
            scores.append(f1(article.body, expected["body"]))
            assert scores[-1] >= 0.9, page.name
        assert all(text in article.body for text in expected.get("body_contains", ())), page.name
        assert not any(text in article.body for text in expected.get("body_must_not_contain", ())), page.name
    if not scores:
        pytest.skip("no shared data")
    assert sum(scores) / len(scores) >= 0.965
