"""What every resolver finds in ``info.context``."""

from dataclasses import dataclass

from core.access import Principal, readable_fields
from core.renderers import Services
from core.specs import ModelSpec
from graphql_surface.loaders import Loaders


@dataclass(kw_only=True)
class Context:
    """One GraphQL request: who asks, what answers, and the batches of its relations."""

    principal: Principal
    services: Services
    loaders: Loaders

    def __post_init__(self) -> None:
        self._readable: dict[str, frozenset[str]] = {}

    def renew(self) -> None:
        """Forget what was loaded: the next mutation of a request, or event of a subscription, must not see it."""
        self.loaders = Loaders(self.services, self.principal)

    def readable(self, model: ModelSpec) -> frozenset[str]:
        """Wire names the principal may see, found once a request."""
        if model.name not in self._readable:
            self._readable[model.name] = readable_fields(model, self.principal)
        return self._readable[model.name]


def make_context(services: Services, principal: Principal) -> Context:
    return Context(principal=principal, services=services, loaders=Loaders(services, principal))
