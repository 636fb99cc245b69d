"""The allow-list of addresses a message may leave for."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoutu.county.duties.addresses import Endpoint, Refused, check_endpoint, check_url

LIST = [Endpoint("json", "127.0.0.1"), Endpoint("jsons", "10.1.0.0/24"), Endpoint("dingtalk", "*")]


@pytest.mark.parametrize(
    "url", ["json://127.0.0.1:8080/x", "jsons://10.1.0.77/x?method=POST", "dingtalk://some-token/13800000000"]
)
def test_listed_addresses_pass(url):
    check_url(url, LIST)


@pytest.mark.parametrize(
    ("url", "code", "word"),
    [
        ("json://169.254.169.254/latest", "not_listed", "169.254.169.254"),
        ("jsons://10.1.1.1/x", "not_listed", "10.1.1.1"),
        ("json://127.0.0.1.evil.example/", "not_listed", "evil.example"),
        ("json://user@evil.example#127.0.0.1/", "not_listed", "evil.example"),
        ("file:///etc/passwd", "not_listed", "file"),
        ("json://127.0.0.1/?smtp=evil.example", "parameter", "smtp"),
        ("json://127.0.0.1/?verify=no", "parameter", "verify"),
        ("127.0.0.1", "not_an_address", "mailtos://"),
        ("json://[::1", "not_an_address", "mailtos://"),
        ("json://" + "a" * 3000, "too_long", "2000"),
    ],
)
def test_others_are_refused_with_a_reason(url, code, word):
    with pytest.raises(Refused, match=word) as refused:
        check_url(url, LIST)
    assert refused.value.code == code


def test_what_is_not_listed_is_told_with_scheme_and_host():
    with pytest.raises(Refused) as refused:
        check_url("JSON://Evil.example:99/x", LIST)
    assert refused.value.facts == {"scheme": "json", "host": "evil.example"}


@pytest.mark.parametrize(
    ("scheme", "host", "code"),
    [
        ("json", "*", "host_needed"),
        ("json", "", "host_needed"),
        ("jsons", "10.1.0.0/99", "network"),
        ("a b", "x", "scheme"),
    ],
)
def test_a_line_that_would_allow_too_much_or_nothing_is_refused(scheme, host, code):
    with pytest.raises(Refused) as refused:
        check_endpoint(scheme, host)
    assert refused.value.code == code


@given(st.text(max_size=200))
def test_no_text_breaks_the_check(url):
    with contextlib.suppress(Refused):
        check_url(url, LIST)
