"""The stages of aggregation pipelines, a table a family; ``pipeline`` joins the tables."""
