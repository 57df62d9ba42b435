"""Three small collections that the tests of pipelines read, and how they run one."""

from datetime import datetime

from core.database.embedded.semantics.pipeline import compile_pipeline

SALES = [
    {"_id": 1, "item": "abc", "price": 10, "qty": 2, "at": datetime(2024, 3, 1, 8), "tags": ["a", "b"]},
    {"_id": 2, "item": "jkl", "price": 20, "qty": 1, "at": datetime(2024, 3, 1, 9), "tags": []},
    {"_id": 3, "item": "xyz", "price": 5, "qty": 10, "at": datetime(2024, 3, 15, 9), "tags": ["b"]},
    {"_id": 4, "item": "xyz", "price": 5.5, "qty": 20, "at": datetime(2024, 4, 4, 11), "tags": None},
    {"_id": 5, "item": "abc", "price": 10, "qty": 10, "at": datetime(2024, 4, 4, 21)},
]
STOCK = [
    {"_id": 1, "sku": "abc", "shelf": 7},
    {"_id": 2, "sku": ["xyz", "jkl"], "shelf": 8},
    {"_id": 3, "sku": None, "shelf": 9},
    {"_id": 4, "shelf": 10},
]
STAFF = [
    {"_id": 1, "name": "Ada"},
    {"_id": 2, "name": "Bo", "chief": "Ada"},
    {"_id": 3, "name": "Cy", "chief": "Bo"},
    {"_id": 4, "name": "Di", "chief": "Bo"},
]
COLLECTIONS = {"sales": SALES, "stock": STOCK, "staff": STAFF}


def aggregate(stages, collection="sales", **options):
    documents = COLLECTIONS[collection] if isinstance(collection, str) else collection
    pipeline = compile_pipeline(stages, sources=lambda name: iter(COLLECTIONS.get(name, ())), **options)
    return list(pipeline.run(iter(documents)))


def ids(found):
    return [document["_id"] for document in found]
