"""The weather response pack in force: the county's own, else the default one, as two persons agreed to it last."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy

from shoutu.county.duties import kinds, policies
from shoutu.county.duties.policies import Texts
from shoutu.county.duties.policy import PolicyError
from shoutu.county.duties.policy_words import LEVELS, Lines, span
from shoutu.county.people import asked
from shoutu.county.places.models import Site
from shoutu.county.weather.policy import WeatherPolicy, WeatherResponse, parse

OWN, DEFAULT = "weather-county.yaml", "weather.yaml"
LANES = {"enterprise": "企业", "withdraw": "撤人的企业", "township": "乡镇", "county": "县里"}


def in_force() -> WeatherPolicy:
    """`weather-county.yaml`, else `weather.yaml`, as agreed to (see `duties.policies`). Raises PolicyError."""
    return SOURCE.in_force()


@asked.by
def places() -> set[str]:
    """Every place a chain of the pack in force names."""
    try:
        policy = in_force()
    except PolicyError:
        return set()  # told elsewhere
    lanes = [lane for one in (*policy.responses, policy.otherwise) for lane in one.lanes.values()]
    return {rung.who for lane in lanes for rung in lane.chain}


def fault() -> str:
    """What is wrong with the county's own file or with the default one on disk; empty when nothing is."""
    return SOURCE.fault()


def _told(texts: Texts) -> Mapping[str, str]:
    policy, lines = SOURCE.of(texts), Lines()
    lines.head(policy)
    lines.put("没有写截止时间的，有效多久", span(policy.lasts))
    lines.put("先认哪种", " → ".join(one.title for one in policy.types))
    for one in policy.types:
        lines.put(f"{one.title} · 凭哪些词、代码认出", "、".join([*one.words, *one.codes]))
    titles = {one.id: one.title for one in policy.types}
    for response in policy.responses:
        types = "、".join(titles[name] for name in titles if name in response.types)
        _response(lines, f"{types} {'、'.join(LEVELS[n] for n in LEVELS if n in response.levels)}", response)
    _response(lines, "其余", policy.otherwise)
    return lines


def _response(lines: Lines, name: str, response: WeatherResponse) -> None:
    lines.put(f"{name} · 哪些场所", _sites(response.sites))
    lines.put(f"{name} · 哪些场所撤人", _sites(response.withdraw_sites))
    for lane, title in LANES.items():
        if lane in response.lanes:
            lines.put(f"{name} · {title} · 要做到", str(kinds.get(response.lanes[lane].duty).title))
            lines.lane(f"{name} · {title}", response.lanes[lane])


def _sites(names: frozenset[str]) -> str:
    return "、".join(str(Site.Kind(name).label) for name in sorted(names))


SOURCE = policies.register(policies.Source("weather", gettext_lazy("气象叫应方案"), OWN, DEFAULT, parse, _told))
