"""Counts for the metrics' collector, kept in plain dicts: the client's own take a lock for each of them."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import accumulate

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

Labels = tuple[str, ...]


class Count(Collector):
    """A counter. To be used by one thread, as the collector is."""

    def __init__(self, name: str, text: str, labels: Sequence[str], registry: CollectorRegistry) -> None:
        self._about = (name, text)
        self._labels = labels
        self._counts: defaultdict[Labels, int] = defaultdict(int)
        registry.register(self)

    def add(self, *labels: str, count: int = 1) -> None:
        """So many more with these labels."""
        self._counts[labels] += count

    def collect(self) -> Iterator[Metric]:
        """See `Collector`."""
        family = CounterMetricFamily(*self._about, labels=self._labels)
        for labels, count in self._counts.items():
            family.add_metric(labels, count)
        yield family


class Spread(Collector):
    """A histogram of seconds. To be used by one thread, as the collector is.

    bounds: upper ones of its buckets, in order; after them comes one without.
    """

    def __init__(
        self, name: str, text: str, labels: Sequence[str], bounds: Sequence[float], registry: CollectorRegistry
    ) -> None:
        self._about = (name, text)
        self._labels = labels
        self._bounds = tuple(bounds)
        self._counts: defaultdict[Labels, list[int]] = defaultdict(lambda: [0] * (len(self._bounds) + 1))
        self._sums: defaultdict[Labels, float] = defaultdict(float)
        if not labels:  # its only series is there from the beginning
            self._counts[()] = [0] * (len(self._bounds) + 1)
        registry.register(self)

    def add(self, *seconds: float, labels: Labels = ()) -> None:
        """More that took so long."""
        counts = self._counts[labels]
        for one in seconds:
            counts[bisect_left(self._bounds, one)] += 1
        self._sums[labels] += sum(seconds)

    def collect(self) -> Iterator[Metric]:
        """See `Collector`."""
        family = HistogramMetricFamily(*self._about, labels=self._labels)
        bounds = [*map(str, self._bounds), "+Inf"]
        for labels, counts in self._counts.items():
            buckets = [(bound, float(count)) for bound, count in zip(bounds, accumulate(counts), strict=True)]
            family.add_metric(labels, buckets, self._sums[labels])
        yield family
