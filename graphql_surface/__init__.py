"""The GraphQL surface: types, resolvers and transport, generated from a ``Catalog``."""
