"""The metrics' own counts, against those of the client's library."""

from __future__ import annotations

import random

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from hub.metrics import Count, Spread

SECONDS = (0.001, 0.01, 0.5, 1.0, 2.5)


def samples(registry: CollectorRegistry) -> list[tuple[str, dict[str, str], float]]:
    """What a scrape gives, but for the moments of creation."""
    found: list[Sample] = []
    for family in text_string_to_metric_families(generate_latest(registry).decode()):
        found += family.samples
    return sorted(
        ((one.name, one.labels, round(one.value, 6)) for one in found if not one.name.endswith("_created")), key=str
    )


def test_counts_are_those_of_the_library() -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    count = Count("hub_events", "Events", ["source", "status"], ours)
    counter = Counter("hub_events", "Events", ["source", "status"], registry=theirs)
    for source, status, number in (("github", "200", 3), ("github", "403", 1), ('a"b\\c\n', "200", 2)):
        count.add(source, status, count=number)
        count.add(source, status)
        counter.labels(source, status).inc(number + 1)
    assert samples(ours) == samples(theirs)
    assert len(samples(ours)) == 3


def test_spreads_are_those_of_the_library() -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    spreads = Spread("took", "Took", ["who"], SECONDS, ours), Spread("all", "All", [], SECONDS, ours)
    histograms = (
        Histogram("took", "Took", ["who"], registry=theirs, buckets=SECONDS),
        Histogram("all", "All", registry=theirs, buckets=SECONDS),
    )
    assert samples(ours) == samples(theirs)
    chance = random.Random(7)
    for seconds in (*SECONDS, 0.0, 100.0, *(chance.expovariate(50) for _ in range(500))):
        who = chance.choice("ab")
        spreads[0].add(seconds, labels=(who,))
        histograms[0].labels(who).observe(seconds)
        spreads[1].add(seconds)
        histograms[1].observe(seconds)
    assert samples(ours) == samples(theirs)
    assert ("all_bucket", {"le": "+Inf"}, 507.0) in samples(ours)
