"""The things a unified test names: clients, databases, collections, sessions; and what they were seen to send."""

from collections.abc import Mapping
from typing import Any

from pymongo import MongoClient, ReadPreference
from pymongo.client_session import ClientSession, TransactionOptions
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent
from pymongo.read_concern import ReadConcern
from pymongo.read_preferences import Primary
from pymongo.write_concern import WriteConcern

_SENSITIVE = frozenset({"hello", "ismaster", "isMaster", "configureFailPoint"})
_MODES = {
    "primary": ReadPreference.PRIMARY, "primaryPreferred": ReadPreference.PRIMARY_PREFERRED,
    "secondary": ReadPreference.SECONDARY, "secondaryPreferred": ReadPreference.SECONDARY_PREFERRED,
    "nearest": ReadPreference.NEAREST,
}  # fmt: skip


class Unsupported(Exception):
    """The runner, not the server, has no means for this."""


class Recorder(CommandListener):
    """Command events of one client, in their order."""

    def __init__(self, wanted: list[str], ignored: list[str]) -> None:
        self.events: list[tuple[str, Any]] = []
        self._wanted, self._ignored = wanted, {*ignored, *_SENSITIVE}
        self.active = True

    def _add(self, kind: str, event: Any) -> None:
        if self.active and kind in self._wanted and event.command_name not in self._ignored:
            self.events.append((kind, event))

    def started(self, event: CommandStartedEvent) -> None:
        self._add("commandStartedEvent", event)

    def succeeded(self, event: CommandSucceededEvent) -> None:
        self._add("commandSucceededEvent", event)

    def failed(self, event: CommandFailedEvent) -> None:
        self._add("commandFailedEvent", event)


class Entities(dict[str, Any]):
    """By their ids; ``recorders`` by the client's id."""

    def __init__(self, uri: str, plain: MongoClient[Any]) -> None:
        super().__init__()
        self._uri = uri
        self.plain = plain
        """A client whose commands are no part of the test."""
        self.lsids: dict[str, Any] = {}
        self.recorders: dict[str, Recorder] = {}
        self._clients: list[MongoClient[Any]] = []

    def create(self, specs: list[Mapping[str, Any]]) -> None:
        for spec in specs:
            ((kind, options),) = spec.items()
            make = getattr(self, f"_make_{kind}", None)
            if make is None:
                raise Unsupported(f"entities of type {kind}")
            self[options["id"]] = make(options)
            if kind == "session":
                self.lsids[options["id"]] = self[options["id"]].session_id

    def _make_client(self, options: Mapping[str, Any]) -> MongoClient[Any]:
        recorder = Recorder(options.get("observeEvents", []), options.get("ignoreCommandMonitoringEvents", []))
        self.recorders[options["id"]] = recorder
        more = {"heartbeatFrequencyMS": 500, **options.get("uriOptions", {})}
        client: MongoClient[Any] = MongoClient(
            self._uri, event_listeners=[recorder], serverSelectionTimeoutMS=5000, **more
        )
        self._clients.append(client)
        return client

    def _make_database(self, options: Mapping[str, Any]) -> Any:
        return self[options["client"]].get_database(
            options["databaseName"], **collection_options(options.get("databaseOptions", {}))
        )

    def _make_collection(self, options: Mapping[str, Any]) -> Any:
        return self[options["database"]].get_collection(
            options["collectionName"], **collection_options(options.get("collectionOptions", {}))
        )

    def _make_session(self, options: Mapping[str, Any]) -> Any:
        given = options.get("sessionOptions", {})
        found: dict[str, Any] = {}
        if "causalConsistency" in given:
            found["causal_consistency"] = given["causalConsistency"]
        if "snapshot" in given:
            found["snapshot"] = given["snapshot"]
        if "defaultTransactionOptions" in given:
            found["default_transaction_options"] = TransactionOptions(
                **transaction_options(given["defaultTransactionOptions"])
            )
        return self[options["client"]].start_session(**found)

    def close(self) -> None:
        for value in self.values():
            if isinstance(value, ClientSession):
                value.end_session()
        for client in self._clients:
            client.close()


def collection_options(given: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if "readConcern" in given:
        found["read_concern"] = ReadConcern(**given["readConcern"])
    if "writeConcern" in given:
        found["write_concern"] = write_concern(given["writeConcern"])
    if "readPreference" in given:
        preference = given["readPreference"]
        staleness = preference.get("maxStalenessSeconds", -1)
        mode = type(_MODES[preference["mode"]])
        found["read_preference"] = mode() if mode is Primary else mode(max_staleness=staleness)
    return found


def write_concern(given: Mapping[str, Any]) -> WriteConcern:
    names = {"w": "w", "journal": "j", "j": "j", "wtimeoutMS": "wtimeout"}
    return WriteConcern(**{names[name]: value for name, value in given.items()})


def transaction_options(given: Mapping[str, Any]) -> dict[str, Any]:
    found = collection_options(given)
    if "maxCommitTimeMS" in given:
        found["max_commit_time_ms"] = given["maxCommitTimeMS"]
    return found
