"""Headers: what they say of time, of validators, and in words."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta

import httpx2 as httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.fetch import answer
from aggregator.fetch.caching import LONGEST, SHORTEST, freshness, http_date, retry_after
from aggregator.model import FailureKind

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120),
        (" 3600 ", 3600),
        ("90.5", 90),
        ("0", 60),
        ("59", 60),
        ("604801", 7 * 86400),
        ("99999999999999", 7 * 86400),
        ("9" * 500, 7 * 86400),
        ("Wed, 25 Nov 2026 13:00:00 GMT", 3600),
        ("Wednesday, 25-Nov-26 13:00:00 GMT", 3600),
        ("Wed Nov 25 13:00:00 2026", 3600),
        ("Mon, 01 Jan 1990 00:00:00 GMT", 60),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 7 * 86400),
    ],
)
def test_retry_after_is_read_and_kept_between_a_minute_and_a_week(text: str, seconds: int) -> None:
    assert retry_after(text, NOW) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", [None, "", "soon", "-5", "1e3", "²", "٣٦٠٠", "12:30", "Fri, 31 Dec 9999 23:59:59 -2359"])
def test_a_retry_after_that_is_none_is_not_heard(text: str | None) -> None:
    assert retry_after(text, NOW) is None


@given(st.text(max_size=80))
def test_no_header_breaks_the_reader_of_times(text: str) -> None:
    wait = retry_after(text, NOW)
    assert wait is None or SHORTEST <= wait <= LONGEST
    http_date(text)
    found = freshness({"cache-control": text, "expires": text, "date": text, "age": text})
    assert found is None or found >= timedelta(0)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"cache-control": "max-age=600"}, 600),
        ({"cache-control": "public, MAX-AGE=600, must-revalidate"}, 600),
        ({"cache-control": 'max-age="600"', "age": "100"}, 500),
        ({"cache-control": "max-age=600", "age": "1000"}, 0),
        ({"cache-control": "max-age=600, no-cache"}, None),
        ({"cache-control": "no-store"}, None),
        ({"cache-control": "s-maxage=600"}, None),
        ({"cache-control": "max-age=x"}, None),
        ({"expires": "Wed, 25 Nov 2026 13:00:00 GMT", "date": "Wed, 25 Nov 2026 12:00:00 GMT"}, 3600),
        ({"expires": "Wed, 25 Nov 2026 11:00:00 GMT", "date": "Wed, 25 Nov 2026 12:00:00 GMT"}, None),
        ({"expires": "0", "date": "Wed, 25 Nov 2026 12:00:00 GMT"}, None),
        ({"expires": "Wed, 25 Nov 2026 13:00:00 GMT"}, None),
        ({}, None),
    ],
)
def test_freshness_is_max_age_else_expires_against_the_servers_own_clock(headers: dict[str, str], seconds: int | None) -> None:
    assert freshness(headers) == (None if seconds is None else timedelta(seconds=seconds))


@given(st.binary(min_size=1, max_size=200))
def test_validators_go_back_byte_for_byte(raw: bytes) -> None:
    kept = answer.headers([(b"ETag", raw), (b"Last-Modified", raw)])
    assert answer.validators(*answer.Answer(200, kept, False).new_validators()) == ((b"If-None-Match", raw), (b"If-Modified-Since", raw))


def test_cookies_go_nowhere_and_lists_are_joined_and_of_others_the_first_counts() -> None:
    raw = [
        (b"Set-Cookie", b"a=1"),
        (b"set-cookie2", b"b"),
        (b"Cache-Control", b"public"),
        (b"cache-control", b"max-age=5"),
        (b"ETag", b"1"),
        (b"ETag", b"2"),
    ]
    assert answer.headers(raw) == {"cache-control": "public, max-age=5", "etag": "1"}


@pytest.mark.parametrize(
    ("raw", "read"), [("/أخبار".encode(), "/أخبار"), (b"/caf\xe9", "/café"), (b"  /x ", "/x"), (b"/%D8%A3", "/%D8%A3"), (b"", "")]
)
def test_where_a_redirect_leads_is_read_as_utf_8_else_as_latin(raw: bytes, read: str) -> None:
    assert answer.Answer(302, answer.headers([(b"Location", raw)]), False).location() == read


@pytest.mark.parametrize(
    "status", [*range(100, 104), *range(201, 227), *range(304, 309), *range(400, 452), *range(500, 512), 599, 600, 999]
)
def test_every_status_has_a_kind_and_words(status: int) -> None:
    kind, words = answer.refusal(status)
    assert f"HTTP {status}" in words
    if status >= 500:
        assert kind is FailureKind.HTTP_5XX


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (httpx.ConnectError("Connection refused"), FailureKind.CONNECT),
        (httpx.ConnectTimeout("slow"), FailureKind.TIMEOUT),
        (httpx.RemoteProtocolError("odd"), FailureKind.PROTOCOL),
        (httpx.LocalProtocolError("odd"), FailureKind.PROTOCOL),
        (httpx.ReadError("reset"), FailureKind.CONNECT),
        (ConnectionResetError(104, "reset"), FailureKind.CONNECT),
        (OSError(24, "Too many open files"), FailureKind.CONNECT),
        (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version"), FailureKind.TLS),
        (ssl.SSLCertVerificationError(1, "certificate verify failed"), FailureKind.TLS),
        (ValueError("odd"), FailureKind.PROTOCOL),
    ],
)
def test_every_trouble_has_a_kind_and_words(error: Exception, kind: FailureKind) -> None:
    found, words = answer.trouble(error)
    assert found is kind
    assert len(words) > 5
