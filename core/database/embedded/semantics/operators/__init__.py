"""The operators of expressions, a table a family; ``expressions`` joins the tables."""
