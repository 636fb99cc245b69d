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
    ("url", "word"),
    [
        ("json://169.254.169.254/latest", "not on the list"),
        ("jsons://10.1.1.1/x", "not on the list"),
        ("json://127.0.0.1.evil.example/", "not on the list"),
        ("json://user@evil.example#127.0.0.1/", "not on the list"),
        ("file:///etc/passwd", "not on the list"),
        ("json://127.0.0.1/?smtp=evil.example", "smtp"),
        ("json://127.0.0.1/?verify=no", "verify"),
        ("127.0.0.1", "scheme"),
        ("json://[::1", "not an address"),
        ("json://" + "a" * 3000, "longer"),
    ],
)
def test_others_are_refused_with_a_reason(url, word):
    with pytest.raises(Refused, match=word):
        check_url(url, LIST)


@pytest.mark.parametrize(("scheme", "host"), [("json", "*"), ("json", ""), ("jsons", "10.1.0.0/99"), ("a b", "x")])
def test_a_line_that_would_allow_too_much_or_nothing_is_refused(scheme, host):
    with pytest.raises(Refused):
        check_endpoint(scheme, host)


@given(st.text(max_size=200))
def test_no_text_breaks_the_check(url):
    with contextlib.suppress(Refused):
        check_url(url, LIST)
