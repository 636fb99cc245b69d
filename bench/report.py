"""``bench/results/latest.json`` as the table people read: aims beside figures, and how the one relates to the other."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"


class Aim(NamedTuple):
    """One figure of the table. ``goal`` None: told without an aim; ``least``: at least the goal, else at most."""

    bench: str
    path: str
    title: str
    unit: str
    goal: float | None = None
    least: bool = True


KINDS = (
    "threshold", "rate", "stuck", "implausible", "no_data", "accumulation", "quota", "forecast", "anomaly", "composite",
)  # fmt: skip

AIMS = [
    Aim(
        "engine", "sorted_per_s", "Engine alone, 10,000 points × 5 rules, batches in order of point", "readings/s", 20e6
    ),
    Aim("engine", "random_per_s", "Engine alone, random order", "readings/s"),
    Aim("engine", "runs_per_s", "Engine alone, 100 readings of each of 100 points", "readings/s"),
    Aim("kinds", "all.per_s", "Engine alone, every kind of rule on each point, full windows", "readings/s", 10e6),
    Aim("kinds", "all_but_anomaly.per_s", "the same but anomaly", "readings/s"),
    Aim("kinds", "all.two_cores_per_s", "every kind, two cores, half of the sites each", "readings/s"),
    *(Aim("kinds", f"{kind}.per_s", f"Engine alone, {kind} only", "readings/s") for kind in KINDS),
    Aim("kinds", "all.state_bytes", "Engine's state, every kind", "bytes/point"),
    Aim("growth", "points_1000000.sorted_per_s", "Engine alone, 1,000,000 points × 5 rules, in order", "readings/s"),
    Aim("growth", "points_1000000.random_per_s", "the same, random order", "readings/s"),
    Aim("growth", "points_1000000.random_against_small", "the same, over that of 1,000 points", "of 1"),
    Aim("peers", "best_same_rules_ratio", "Engine over the best peer that does the same rules, per core", "×", 30),
    Aim("peers", "python_ratio", "Engine over plain Python, per core", "×"),
    Aim("peers", "prometheus_ratio", "Engine over Prometheus (unlike work), per core", "×"),
    Aim("peers", "pipeline_prometheus_ratio", "Whole pipeline over Prometheus, per core", "×"),
    Aim("nation", "country.points", "All non-coal mines of the country on this machine: points", "points", 6e6),
    Aim("nation", "country.readings_per_s", "the same: readings, stored and judged", "readings/s", 300e3),
    Aim("nation", "country.pipeline_bytes_per_point", "the same: memory of pipeline", "bytes/point", 1000, False),
    Aim("nation", "country.sent_to_signal_p99_ms", "the same: reading sent → signal delivered, p99", "ms", 2000, False),
    Aim("nation", "country.rows_lost", "the same: readings lost", "readings"),
    Aim("nation", "country.disk_bytes_per_reading", "the same: disk", "bytes/reading"),
    Aim("nation", "second.points", "One reading a second of each point: points", "points", 1e6),
    Aim("nation", "second.readings_per_s", "the same: readings, stored and judged", "readings/s", 1e6),
    Aim("nation", "second.pipeline_bytes_per_point", "the same: memory of pipeline", "bytes/point", 1000, False),
    Aim("nation", "second.sent_to_signal_p99_ms", "the same: reading sent → signal delivered, p99", "ms", 2000, False),
    Aim("detect", "noise_0001", "Detector of the unlike, NAB at its own level, with noise of 0.1 %", "of 100"),
    Aim("detect", "as_it_is", "the same without noise: the setting was sought on these files", "of 100"),
    Aim(
        "detect",
        "split.both_ways",
        "the same: level and pause chosen on half of the files, scored on the other, both ways",
        "of 100",
        78.4,
    ),
    Aim(
        "detect",
        "split.each_folder_by_the_others",
        "the same: chosen on all other folders, scored on each",
        "of 100",
        78.4,
    ),
    Aim(
        "leads",
        "most_false_per_month",
        "Packs over healthy months: false alarms of the worst sort of point",
        "a point-month",
        1,
        False,
    ),
    Aim("leads", "least_found", "Packs over mine faults: share found of the worst kind", ""),
    Aim("detect", "values_per_s", "Detector alone, one core", "values/s"),
    Aim("backtest", "slowest_now_s", "Backtest of a million readings, one rule, slowest of six kinds", "s", 1, False),
    Aim("backtest", "threshold.sweep_s", "the same, a threshold with 21 others beside it", "s", 1, False),
    Aim("backtest", "slowest_sweep_s", "the same, slowest of the five kinds that do not learn", "s"),
    Aim("backtest", "anomaly.sweep_s", "the same, anomaly with five others beside it", "s"),
    Aim("doors", "http_json_1000.readings_per_s", "HTTP JSON, batches of 1,000, until evaluated", "readings/s", 300e3),
    Aim("doors", "http_json_20.readings_per_s", "HTTP JSON, batches of 20", "readings/s", 30e3),
    Aim("doors", "http_json_1.readings_per_s", "HTTP JSON, singles", "readings/s", 3e3),
    Aim("doors", "http_arrow_10000.readings_per_s", "HTTP Arrow, batches of 10,000", "readings/s", 2e6),
    Aim("doors", "mqtt_1000.readings_per_s", "MQTT QoS 1, batches of 1,000", "readings/s", 200e3),
    Aim("doors", "mqtt_1.readings_per_s", "MQTT QoS 1, singles", "messages/s", 2e3),
    Aim("latency", "accepted_to_signal_p50_ms", "Reading accepted → signal delivered, at 10,000 readings/s, p50", "ms"),
    Aim("latency", "accepted_to_signal_p99_ms", "the same, p99", "ms", 50, False),
    Aim("latency", "sent_to_signal_p99_ms", "Reading sent → signal delivered, p99", "ms"),
    Aim("stack", "signal_to_list_p50_ms", "Signal → on the list of open warnings, p50", "ms"),
    Aim("stack", "signal_to_list_p99_ms", "the same, p99", "ms", 1000, False),
    Aim("live", "sqlite.single.commit_p99_ms", "Warning → told on 300 live pages, SQLite, p99", "ms", 1000, False),
    Aim("live", "sqlite.single.sent_p99_ms", "Reading sent over MQTT → the same, p99", "ms"),
    Aim(
        "live",
        "postgresql.single.commit_p99_ms",
        "Warning → told on 300 live pages, PostgreSQL, p99",
        "ms",
        1000,
        False,
    ),
    Aim("live", "postgresql.single.sent_p99_ms", "Reading sent over MQTT → the same, p99", "ms"),
    Aim("live", "sqlite.volley.sent_p99_ms", "40 mines at once → all of it told on all 300 pages, SQLite, p99", "ms"),
    Aim("live", "postgresql.volley.sent_p99_ms", "the same, PostgreSQL", "ms"),
    Aim("live", "sqlite.web_cpu_idle", "Processor for 300 live pages while nothing happens", "cores"),
    Aim("live", "sqlite.web_rss_mb", "Memory of web with 300 live pages", "MB"),
    Aim(
        "calling", "hand_over.last_handed_over_s", "500 people called at once, until the last hand-over", "s", 10, False
    ),
    Aim("calling", "climb.late_worst_s", "Ladder step after it fell due, 10,000 open duties, worst", "s", 2, False),
    Aim(
        "lists",
        "sqlite.slowest_ms",
        "5,000 sites, 50,000 points, 100,000 warnings: the slowest list, SQLite",
        "ms",
        150,
        False,
    ),
    Aim("lists", "postgresql.slowest_ms", "the same, PostgreSQL", "ms", 150, False),
    Aim("ledger", "peak.recorded_per_s", "Ledger, entries recorded 500 to a transaction", "entries/s", 5e3),
    Aim("ledger", "single.recorded_per_s", "Ledger, one entry to a transaction", "entries/s"),
    Aim("ledger", "sustained.seal_lag_p99_s", "Ledger, commit → signed head, p99", "s", 1, False),
    Aim("store", "rounded.add_readings_per_s", "Store, taking readings in", "readings/s", 10e6),
    Aim(
        "store", "rounded.add_and_flush_readings_per_s", "Store, until durable in Parquet (two decimals)", "readings/s"
    ),
    Aim(
        "store", "random.add_and_flush_readings_per_s", "Store, until durable in Parquet (random values)", "readings/s"
    ),
    Aim("store", "rounded.merge_and_roll_up_readings_per_s", "Store, merged to one file with rollups", "readings/s"),
    Aim("store", "rounded.bytes_per_reading", "Store, size (two decimals)", "bytes/reading"),
    Aim("store", "random.bytes_per_reading", "Store, size (random values)", "bytes/reading"),
    Aim("store", "random.day_of_point_p50_ms", "A point's day out of 20 million readings, p50", "ms", 50, False),
    Aim("store", "random.day_of_point_p99_ms", "the same, p99", "ms"),
    Aim("store", "random.day_of_point_unmerged_p50_ms", "A point's day before merging, p50", "ms", 50, False),
    Aim("store", "random.day_in_minutes_ms", "A point's day in minutes, mean", "ms"),
    Aim("latency", "pipeline_rss_mb", "Memory of pipeline, 10,000 points × 5 rules at 10,000 readings/s", "MB"),
    Aim("memory", "web_rss_mb", "Memory of web, the same load on a whole installation", "MB"),
    Aim("memory", "pipeline_rss_mb", "Memory of pipeline, the same", "MB"),
    Aim("memory", "worker_rss_mb", "Memory of worker, the same", "MB"),
    Aim("stack", "web_rss_mb", "Memory of web, demo county", "MB"),
    Aim("stack", "pipeline_rss_mb", "Memory of pipeline, demo county", "MB"),
    Aim("stack", "worker_rss_mb", "Memory of worker, demo county", "MB"),
    Aim("firstrun", "first_run_s", "`make run` in a clean clone, until ready", "s"),
    Aim("firstrun", "second_run_s", "the same again", "s", 10, False),
    Aim("firstrun", "first_load_ms", "First load of the face, nothing cached, until the login can be used", "ms"),
    Aim("stack", "first_start_s", "`shoutu up --demo` in an empty directory, until ready", "s"),
    Aim("stack", "second_start_s", "the same again", "s", 10, False),
    Aim("stack", "first_load_js_kb", "First load of the face, JavaScript gzipped", "KB", 450, False),
]


def figure(results: dict[str, Any], aim: Aim) -> float | None:
    """The measured number, None where there is none."""
    found: Any = results.get(aim.bench, {}).get("figures")
    for part in aim.path.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return float(found) if isinstance(found, int | float) else None


def number(value: float) -> str:
    """Three digits that matter: 12,300,000 · 4,560 · 12.3 · 0.45."""
    if value >= 1000:
        digits = len(str(int(value))) - 3
        return f"{round(value / 10**digits) * 10**digits:,}"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def row(results: dict[str, Any], aim: Aim) -> str:
    value = figure(results, aim)
    goal = "" if aim.goal is None else f"{'≥' if aim.least else '≤'} {number(aim.goal)}"
    ratio = ""
    if value and aim.goal:
        better = value / aim.goal if aim.least else aim.goal / max(value, 1e-9)
        ratio = f"{better:.2f} × {'' if better >= 1 else '**missed**'}".strip()
    told = "failed" if "failed" in results.get(aim.bench, {}) else "not measured"
    return f"| {aim.title} | {told if value is None else number(value)} | {goal} | {ratio} | {aim.unit} |"


def table(results: dict[str, Any]) -> str:
    """The table alone, as Markdown."""
    head = "| what | measured | aim | better than the aim by | unit |\n|---|---:|---:|---:|---|"
    return "\n".join([head, *(row(results, aim) for aim in AIMS)])


def hours(value: float) -> str:
    """3.2 d · 14.2 h · 25 min; a lead below nothing is late."""
    if abs(value) >= 48:
        return f"{value / 24:.1f} d"
    return f"{value:.1f} h" if abs(value) >= 2 else f"{round(value * 60)} min"


def leads_tables(results: dict[str, Any]) -> str:
    """How early each kind of fault is told of, and how often healthy points are: two tables, "" where unmeasured."""
    found = results.get("leads", {}).get("figures")
    if not found:
        return ""
    levels = ("blue", "yellow", "orange", "red")
    lines = [
        "| fault | seen at | found | before its end | median lead | blue | yellow | orange | red |",
        "|---|---|---:|---:|---:|---|---|---|---|",
    ]
    for kind, one in found["kinds"].items():
        cells = [one["levels"].get(level) for level in levels]
        each = " | ".join(
            f"{cell['share']:.0%}".replace("%", " %") + f": {hours(cell['median_h'])}, {hours(cell['worst_h'])}"
            if cell
            else ""
            for cell in cells
        )
        shares = " | ".join(f"{round(100 * one[name])} %" for name in ("found", "in_time"))
        lines.append(f"| {kind} | {one['item']} | {shares} | {hours(one['median_h'])} | {each} |")
    lines += [
        "",
        "| healthy point | point-months | false alarms a point-month | asked of the mine alone | both | "
        "false ones, by cause | put up with |",
        "|---|---:|---:|---:|---:|---|---|",
    ]
    for item, one in found["sorts"].items():
        said = [", ".join(f"{name} {n}" for name, n in one[key].items()) for key in ("by_cause", "provocations")]
        figures = [f"**{one['false_per_month']:.2f}**", f"{one['asked_per_month']:.2f}"]
        figures.append(f"{one['false_undeclared_per_month']:.2f}")
        lines.append(f"| {item} | {one['point_months']:g} | {' | '.join([*figures, *said])} |")
    return "\n".join(lines)


def folders_table(results: dict[str, Any]) -> str:
    """The detector folder by folder, and on files its level and pause were not chosen by; "" where unmeasured."""
    found = results.get("detect", {}).get("figures", {})
    if "folders" not in found:
        return ""
    lines = ["| folder | score | false rows |", "|---|---:|---:|"]
    for folder, one in found["folders"].items():
        lines.append(f"| {folder} | {'no windows' if one['score'] is None else one['score']} | {one['false']} |")
    lines += ["", "| chosen on | level, pause | score there | on the rest | in force, on the rest |",
              "|---|---|---:|---:|---:|"]  # fmt: skip
    for way, title in (("even_to_odd", "1st, 3rd … file of each folder"), ("odd_to_even", "2nd, 4th … file")):
        if one := found["split"].get(way):
            level, pause = one["chosen"]
            lines.append(f"| {title} | {level:g}, {pause} | {one['on_known']} | {one['on_kept']} "
                         f"| {one['in_force_on_kept']} |")  # fmt: skip
    if half := found["split"].get("random_halves"):
        lines.append(f"| random halves, median (5 to 95 %) |  |  | {half['median']} ({half['p05']} to {half['p95']}) "
                     f"| {half['in_force']} |")  # fmt: skip
    return "\n".join(lines)


def sections(results: dict[str, Any]) -> str:
    """What needs tables of its own."""
    parts = [
        ("Lead times", "Per level: share of the faults, median lead, worst lead. [What is measured](leads.md).",
         leads_tables(results)),
        ("Detector, folder by folder", "At its own level, as it is. [Method and what was looked at](detector.md).",
         folders_table(results)),
    ]  # fmt: skip
    return "".join(f"## {title}\n\n{told}\n\n{table}\n\n" for title, told, table in parts if table)


def conditions(results: dict[str, Any]) -> str:
    """Where and when each bench ran."""
    lines = ["| bench | measured at (UTC) | commit | load before | took | machine |", "|---|---|---|---:|---:|---|"]
    for name, entry in sorted(results.items()):
        about = entry["about"]
        machine = f"{about['processor']}, {about['cores']} cores, {about['memory_gb']} GB, Linux {about['kernel']}"
        lines.append(
            f"| {name} | {about['measured_at'][:16]} | {about['commit']} | {about['load_before']} "
            f"| {entry['seconds']} s | {machine} |"
        )
    return "\n".join(lines)


def write(results: dict[str, Any]) -> None:
    """Render ``docs/benchmarks.md``."""
    newest = max(results.values(), key=lambda entry: entry["about"]["measured_at"])["about"]
    versions = ", ".join(f"{name} {version}" for name, version in newest["packages"].items())
    PAGE.write_text(
        "# Benchmarks\n\n"
        "Written by `make bench` from `bench/results/latest.json`, which holds every figure; change neither by hand. "
        "Figures are medians of five runs; sender and receiver work on the same machine. What each bench does stands "
        "at the head of its file under `bench/`.\n\n"
        f"{table(results)}\n\n{sections(results)}## Conditions\n\n"
        "*Load before* is the load average when a bench began: above about 0.3 something else was running, and "
        "figures are lower than the machine can do.\n\n"
        f"{conditions(results)}\n\nPython {newest['python']}; {versions}.\n",
        "utf-8",
    )
