"""``cli.asgi:app`` for any ASGI server: ``uvicorn cli.asgi:app --port 8000``."""

from cli.app import create_app
from cli.sample import seed_sample_data

app = create_app(on_startup=seed_sample_data)
