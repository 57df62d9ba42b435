"""Every read and write of documents: one implementation for all surfaces, access rules included."""

from core.actions.data import Data
from core.aggregates import Aggregate, DateBucket, GroupBy
from core.paging import Cursors, Page, Query, Raw, Sort

__all__ = ["Aggregate", "Cursors", "Data", "DateBucket", "GroupBy", "Page", "Query", "Raw", "Sort"]
