"""Batches: every relation of one level of a request is one query, whoever asks for it."""

from collections.abc import Awaitable, Callable, Collection, Hashable, Mapping, Sequence
from typing import Any

from strawberry.dataloader import DataLoader

from core.access import Principal
from core.actions import Raw
from core.renderers import Services
from core.specs import FieldSpec, ModelSpec

Batch = Callable[[Sequence[Any]], Awaitable[Mapping[Any, Any]]]


class Loaders:
    """The loaders of one request. Each is made when the first field of its kind is resolved."""

    def __init__(self, services: Services, principal: Principal) -> None:
        self._services = services
        self._principal = principal
        self._made: dict[Hashable, DataLoader[Any, Any]] = {}

    def document(self, model: ModelSpec, fields: Collection[str] | None) -> DataLoader[Any, Raw | None]:
        """Key of a document → the document, or None where there is none the principal may see."""

        async def batch(ids: Sequence[Any]) -> Mapping[Any, Raw]:
            return await self._services.data.get_many(model, self._principal, ids, fields)

        return self.batched(("document", model.name, fields and frozenset(fields)), batch)

    def linked(
        self, model: ModelSpec, field: FieldSpec, fields: Collection[str] | None
    ) -> DataLoader[Any, list[Raw] | None]:
        """Key of a document → the documents that a BackLink of it names."""

        async def batch(owners: Sequence[Any]) -> Mapping[Any, list[Raw]]:
            return await self._services.data.linked(model, self._principal, field, owners, fields)

        return self.batched(("linked", model.name, field.name, fields and frozenset(fields)), batch)

    def batched(self, key: Hashable, batch: Batch) -> DataLoader[Any, Any]:
        """A loader of one's own: ``batch`` is called once for all keys of a level."""
        if key not in self._made:

            async def load(keys: list[Any]) -> list[Any]:
                found = await batch(keys)
                return [found.get(one) for one in keys]

            self._made[key] = DataLoader(load_fn=load)
        return self._made[key]
