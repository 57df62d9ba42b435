"""MongoDB's semantics over plain documents: filters, expressions, projections, updates, pipelines. No storage, no wire."""
