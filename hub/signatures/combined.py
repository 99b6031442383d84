"""Schemes made of schemes: one of several modes, all of several, one for each item, one that the config describes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from typing import Any, Literal

from hub.errors import Refused, Unreadable
from hub.extract import Reader, items
from hub.options import Option, parameter_options
from hub.provider import Scheme, bind, wanted
from hub.request import Request
from hub.signatures.shared import Unsigned
from hub.signatures.signed import COVERS


class OneOf:
    """Modes that a platform offers. The option `variant` names one; else the request says which configured one it is.

    A mode that proves nothing is never chosen by itself. After the choice there is no second try.
    """

    def __init__(self, **modes: Scheme) -> None:
        self.modes: Mapping[str, Scheme] = {name.replace("_", "-"): scheme for name, scheme in modes.items()}

    @property
    def proves(self) -> bool:
        """Does any mode?"""
        return any(mode.proves for mode in self.modes.values())

    @property
    def covers(self) -> str:
        """What the weakest mode that proves anything covers."""
        return min((mode.covers for mode in self.modes.values() if mode.proves), key=COVERS.index, default="none")

    def options(self) -> dict[str, Option]:
        """Those of all modes, and `variant`."""
        found: dict[str, Option] = {}
        for mode in self.modes.values():
            for name, option in mode.options().items():
                found.setdefault(name, option)
        names = tuple(self.modes)
        found["variant"] = Option("The mode, where it shall not be told from the request.", Literal[names])
        return found

    def configured(self, options: Mapping[str, Any]) -> bool:
        """Is a mode that proves something, or the named one?"""
        named = self._named(options)
        if named is not None:
            return not named.proves or named.configured(_unnamed(options))
        return bool(self._usable(options))

    def present(self, request: Request) -> bool:
        """Does the request carry what any mode reads?"""
        return any(mode.present(request) for mode in self.modes.values())

    def verify(self, request: Request, options: Mapping[str, Any]) -> None:
        """Raises: Refused, KeyNeeded"""
        self.bind(options)(request)

    def bind(self, options: Mapping[str, Any]) -> Callable[[Request], None]:
        """`verify` with the usable modes bound."""
        named = self._named(options)
        if named is not None:
            return (lambda request: None) if not named.proves else named.bind(_unnamed(options))
        usable = [(mode, mode.bind(options)) for mode in self._usable(options)]

        def verify(request: Request) -> None:
            if not usable:
                raise Refused("unconfigured", f"none of the modes {', '.join(self.modes)} has its credentials")
            chosen = next((check for mode, check in usable if mode.present(request)), usable[0][1])
            chosen(request)

        return verify

    def sign(self, request: Request, options: Mapping[str, Any]) -> Request:
        """The request in the named mode, or in the first configured one."""
        named = self._named(options)
        usable = [named] if named is not None else self._usable(options)
        if not usable:
            raise Refused("unconfigured", f"none of the modes {', '.join(self.modes)} has its credentials")
        return usable[0].sign(request, options if named is None else _unnamed(options))

    def credentials(self) -> dict[str, Any]:
        """Those of the first mode that proves something."""
        return next((mode.credentials() for mode in self.modes.values() if mode.proves), {})

    def shows(self, options: Mapping[str, Any]) -> tuple[Reader, ...]:
        """What those modes do that are configured; all of them where none is.

        Not only the one that `variant` names: a platform may send what another one reads as well.
        """
        options = _unnamed(options)
        modes = self._usable(options) or self.modes.values()
        return tuple(place for mode in modes for place in mode.shows(options))

    def _named(self, options: Mapping[str, Any]) -> Scheme | None:
        variant = options.get("variant")
        return self.modes.get(str(variant)) if variant is not None else None

    def _usable(self, options: Mapping[str, Any]) -> list[Scheme]:
        if options.get("variant") is not None and self._named(options) is None:
            return []
        modes = [mode.made(options) if isinstance(mode, Configured) else mode for mode in self.modes.values()]
        return [mode for mode in modes if mode.proves and mode.configured(options)]


def _unnamed(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options for the named mode, which may have modes of its own: the name is not one of these."""
    return {name: value for name, value in options.items() if name != "variant"}


class AllOf:
    """Several proofs in one request: each one that is configured must hold, and one must be."""

    proves = True

    def __init__(self, *schemes: Scheme) -> None:
        self.schemes = schemes

    @property
    def covers(self) -> str:
        """What the strongest covers."""
        return max((scheme.covers for scheme in self.schemes), key=COVERS.index)

    def options(self) -> dict[str, Option]:
        """Those of all."""
        return {name: option for scheme in self.schemes for name, option in scheme.options().items()}

    def configured(self, options: Mapping[str, Any]) -> bool:
        """Is any?"""
        return any(scheme.configured(options) for scheme in self.schemes)

    def present(self, request: Request) -> bool:
        """Does the request carry what any of them reads?"""
        return any(scheme.present(request) for scheme in self.schemes)

    def verify(self, request: Request, options: Mapping[str, Any]) -> None:
        """Raises: Refused, KeyNeeded"""
        self.bind(options)(request)

    def bind(self, options: Mapping[str, Any]) -> Callable[[Request], None]:
        """`verify` with each configured one bound."""
        checks = [scheme.bind(options) for scheme in self.schemes if scheme.configured(options)]

        def verify(request: Request) -> None:
            if not checks:
                raise Refused("unconfigured", f"none of {', '.join(self.options())} is set")
            for check in checks:
                check(request)

        return verify

    def sign(self, request: Request, options: Mapping[str, Any]) -> Request:
        """The request with every configured proof."""
        usable = [scheme for scheme in self.schemes if scheme.configured(options)]
        if not usable:
            raise Refused("unconfigured", f"none of {', '.join(self.options())} is set")
        for scheme in usable:
            request = scheme.sign(request, options)
        return request

    def credentials(self) -> dict[str, Any]:
        """Those of all."""
        return {name: value for scheme in self.schemes for name, value in scheme.credentials().items()}

    def shows(self, options: Mapping[str, Any]) -> tuple[Reader, ...]:
        """What those do that are configured; all of them where none is."""
        schemes = [scheme for scheme in self.schemes if scheme.configured(options)] or self.schemes
        return tuple(place for scheme in schemes for place in scheme.shows(options))


class Each:
    """A proof in every item of a batch; a batch without items proves nothing."""

    def __init__(self, split: items, scheme: Scheme) -> None:
        self.split = split
        self.scheme = scheme

    @property
    def proves(self) -> bool:
        """Does the item's scheme?"""
        return self.scheme.proves

    @property
    def covers(self) -> str:
        """What the item's scheme covers; what stands around the items is not covered."""
        return min("part", self.scheme.covers, key=COVERS.index)

    def options(self) -> Mapping[str, Option]:
        """Those of the item's scheme."""
        return self.scheme.options()

    def configured(self, options: Mapping[str, Any]) -> bool:
        """Is the item's scheme?"""
        return self.scheme.configured(options)

    def present(self, request: Request) -> bool:
        """Is there an item that carries a proof?"""
        return any(self.scheme.present(part) for part in self._parts(request))

    def verify(self, request: Request, options: Mapping[str, Any]) -> None:
        """Raises: Refused, KeyNeeded"""
        self.bind(options)(request)

    def bind(self, options: Mapping[str, Any]) -> Callable[[Request], None]:
        """`verify` with the item's scheme bound."""
        check = self.scheme.bind(options)

        def verify(request: Request) -> None:
            parts = self._parts(request)
            if not parts:
                raise Refused("missing", "the body has no item, so no signature")
            for part in parts:
                check(part)

        return verify

    def sign(self, request: Request, options: Mapping[str, Any]) -> Request:
        """The request with a proof in every item."""
        return self.split.put(request, [self.scheme.sign(part, options).json for part in self._parts(request)])

    def credentials(self) -> dict[str, Any]:
        """Those of the item's scheme."""
        return self.scheme.credentials()

    def shows(self, options: Mapping[str, Any]) -> tuple[Reader, ...]:
        """What the item's scheme does, in each item."""
        return self.scheme.shows(options)

    def _parts(self, request: Request) -> list[Request]:
        try:
            return [request.part(item) for item in self.split(request)]
        except Unreadable:
            return []


class Configured:
    """A scheme that the config describes.

    factory: makes it from options, its keyword-only parameters; examples: sets of these whose schemes' options are
    offered.
    """

    def __init__(self, factory: Callable[..., Scheme], *examples: Mapping[str, Any]) -> None:
        self.factory = factory
        self.given: tuple[Mapping[str, Any], ...] = examples or ({},)
        self.examples = tuple(factory(**example) for example in self.given)
        self.parameters = {parameter.name: parameter for parameter in wanted(factory)}

    @property
    def proves(self) -> bool:
        """Does what it makes by default?"""
        return self.examples[0].proves

    @property
    def covers(self) -> str:
        """What the scheme that it makes by default covers."""
        return self.examples[0].covers

    def options(self) -> dict[str, Option]:
        """The factory's parameters, and the options of what it makes."""
        found: dict[str, Option] = {}
        for example in self.examples:
            found.update(example.options())
        for name, option in parameter_options(self.factory).items():
            found.setdefault(name, option)
        return found

    def made(self, options: Mapping[str, Any]) -> Scheme:
        """The scheme that the options describe; one that refuses everything if they describe none."""
        try:
            return self.factory(**{name: options[name] for name in self.parameters if options.get(name) is not None})
        except ValueError as error:
            return Unsigned(str(error))

    def configured(self, options: Mapping[str, Any]) -> bool:
        """Is the described scheme?"""
        return self.made(options).configured(options)

    def present(self, request: Request) -> bool:
        """Does the request carry what the default scheme reads?"""
        return any(example.present(request) for example in self.examples)

    def verify(self, request: Request, options: Mapping[str, Any]) -> None:
        """Raises: Refused, KeyNeeded"""
        self.bind(options)(request)

    def bind(self, options: Mapping[str, Any]) -> Callable[[Request], None]:
        """`verify` of the described scheme."""
        return self.made(options).bind(options)

    def sign(self, request: Request, options: Mapping[str, Any]) -> Request:
        """The request as the described scheme signs it."""
        return self.made(options).sign(request, options)

    def credentials(self) -> dict[str, Any]:
        """Those of the default scheme."""
        return self.examples[0].credentials()

    def shows(self, options: Mapping[str, Any]) -> tuple[Reader, ...]:
        """What the described scheme does."""
        return self.made(options).shows(options)


class Custom:
    """A function that verifies: it raises Refused or KeyNeeded, or returns False.

    Options come by keyword-only parameters. needs: options without which it is not configured; covers: how much of the
    body it covers; carried: a place, or a function, that finds what it reads; for `OneOf`. shown: where a secret stands
    as it is, in the body or the URL.
    """

    proves = True

    def __init__(
        self,
        function: Callable[..., None],
        *,
        needs: tuple[str, ...] = ("secret",),
        covers: Literal["all", "part", "none"] = "all",
        carried: Callable[[Request], object] | None = None,
        shown: tuple[Reader, ...] = (),
    ) -> None:
        self.function = function
        self.needs = needs
        self.covers: str = covers
        self.carried = carried
        self.shown = shown
        self._sign: Callable[..., Request] | None = None
        self._make: Callable[[], dict[str, Any]] | None = None

    def signer(self, function: Callable[..., Request], make: Callable[[], dict[str, Any]] | None = None) -> Custom:
        """The same scheme, able to sign: the function gives the signed request; make: fresh credentials."""
        signing = copy(self)
        signing._sign, signing._make = function, make
        return signing

    def options(self) -> dict[str, Option]:
        """The functions' keyword-only parameters."""
        signing = parameter_options(self._sign) if self._sign is not None else {}
        return {**signing, **parameter_options(self.function)}

    def configured(self, options: Mapping[str, Any]) -> bool:
        """Is everything that it needs set?"""
        return all(options.get(name) for name in self.needs)

    def present(self, request: Request) -> bool:
        """Does the request carry what it reads?"""
        return bool(self.carried(request)) if self.carried is not None else True

    def verify(self, request: Request, options: Mapping[str, Any]) -> None:
        """Raises: Refused, KeyNeeded"""
        self.bind(options)(request)

    def bind(self, options: Mapping[str, Any]) -> Callable[[Request], None]:
        """`verify` with the options filled in."""
        missing = [name for name in self.needs if not options.get(name)]
        check = bind(self.function, options)
        assert check is not None

        def verify(request: Request) -> None:
            if missing:
                raise Refused("unconfigured", f"the option {missing[0]} is not set")
            # a function that compares and returns what it found must not take everything
            if check(request) not in (None, True):
                raise Refused("mismatch", "the request is not proven to come from the platform")

        return verify

    def sign(self, request: Request, options: Mapping[str, Any]) -> Request:
        """The request as the signer makes it."""
        signing = bind(self._sign, options)
        if signing is None:
            raise Refused("unconfigured", "this scheme cannot sign")
        signed: Request = signing(request)
        return signed

    def credentials(self) -> dict[str, Any]:
        """Fresh ones."""
        import secrets

        if self._make is not None:
            return self._make()
        return {name: secrets.token_hex(24) for name in self.needs}

    def shows(self, options: Mapping[str, Any]) -> tuple[Reader, ...]:
        """What it was told to."""
        return self.shown
