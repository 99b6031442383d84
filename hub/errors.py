"""Every exception that the hub raises on purpose.

HubError
├── ConfigError        config.toml, .env or the environment is wrong; holds every problem at once   (exit 2)
├── PluginError        a plugin file cannot be loaded or registers something impossible             (exit 2)
├── UsageError         a command was asked for something that cannot be                             (exit 2)
├── HubNotRunning      a command needs the running hub's API and nothing answers there              (exit 1)
├── ServeError         the hub cannot listen: port in use, address not available                    (exit 1)
├── LogError           the durable log
│   ├── LogUnavailable   it cannot be written or read now; repeat later (the sender gets 503)
│   ├── LogDamaged       its file is damaged; the hub refuses to start on it
│   ├── LogTooNew        it was written by a newer version of the hub
│   └── LogInUse         another process owns it
├── Refused            a request that is not proven to come from the platform
├── KeyNeeded          a scheme needs a key that has to be fetched first
├── KeyUnavailable     that key cannot be fetched now (the sender gets 503)
├── Unreadable         a verified request that the provider cannot read
├── Retry              raised by a subscriber: try this delivery again later
└── Reject             raised by a subscriber: never try this delivery again
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from hub.provider import Fetch

Reason = Literal["missing", "malformed", "mismatch", "stale", "algorithm", "unconfigured"]
"""The kinds of refusal; all that a sender ever learns of one."""


class HubError(Exception):
    """Something the hub can explain. The message says what was found, where, and what to do."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in the configuration.

    where: the key path (`providers.stripe.secret`), or a file; text: what was found and what to do;
    file: the file it stands in, as the user would name it.
    """

    where: str
    text: str
    file: str = "config.toml"

    def __str__(self) -> str:
        return f"{self.file}: {self.where}: {self.text}" if self.where else f"{self.file}: {self.text}"


class ConfigError(HubError):
    """The configuration cannot be used; `problems` has all that is wrong with it, in file order."""

    exit_code = 2

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class PluginError(HubError):
    """A plugin cannot be loaded; the message starts with its file (and line where there is one)."""

    exit_code = 2


class UsageError(HubError):
    """A command was given something that cannot be (an unknown source, a bad date)."""

    exit_code = 2


class HubNotRunning(HubError):
    """Nothing answers at the console's address."""


class ServeError(HubError):
    """The hub cannot listen on its address."""


class LogError(HubError):
    """The durable log cannot do what was asked."""


class LogUnavailable(LogError):
    """The log cannot be written or read now. What was asked may or may not have happened; repeating it is safe."""


class LogDamaged(LogError):
    """The log's file failed its integrity check."""


class LogTooNew(LogError):
    """The log has a schema version that this hub does not know."""


class LogInUse(LogError):
    """Another process holds the log."""


class Refused(HubError):
    """A request that is not proven to come from the platform.

    reason: the kind, which the sender may learn; text: for the operator, without any secret or right signature;
    evidence: named values for the operator (header name, seconds off), never secrets.
    """

    def __init__(self, reason: Reason, text: str, **evidence: object) -> None:
        self.reason: Reason = reason
        self.text = text
        self.evidence: Mapping[str, object] = evidence
        super().__init__(text)


class KeyNeeded(HubError):
    """Verification needs a key that `fetch` describes; the core fetches it, caches it and verifies again."""

    def __init__(self, fetch: Fetch) -> None:
        self.fetch = fetch
        super().__init__(f"a key has to be fetched from {fetch.url}")


class KeyUnavailable(HubError):
    """A key that verification needs cannot be fetched now; the platform's retry may find it."""


class Unreadable(HubError):
    """A request with a good signature whose body is not what the platform sends."""


class Retry(HubError):
    """Raised by a subscriber: try this delivery again, not before `after` seconds (None: by the retry policy)."""

    def __init__(self, reason: str = "", *, after: float | None = None) -> None:
        self.after = after
        super().__init__(reason or "the subscriber asked for another attempt")


class Reject(HubError):
    """Raised by a subscriber: this delivery can never succeed; it becomes a dead letter at once."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
