"""From registered classes to a ``Catalog``: the only reader of annotations and of pydantic's internals.

Raises ``DeclarationError`` for whatever cannot be served, naming module, class, field and remedy.
"""

from core.inspection.catalog import take_catalog

__all__ = ["take_catalog"]
