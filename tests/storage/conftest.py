"""A store of the S3 kind, on loopback."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
import requests
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

BUCKET = "beckon-files"


@pytest.fixture
def s3(free_port: Callable[[], int]) -> Iterator[dict[str, str]]:
    """The settings of a store that exists and is empty."""
    port = free_port()
    application = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", port, application, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    endpoint = f"http://127.0.0.1:{port}"
    requests.put(f"{endpoint}/{BUCKET}", timeout=10).raise_for_status()
    yield {
        "s3_bucket": BUCKET,
        "s3_endpoint": endpoint,
        "s3_access_key": "key",
        "s3_secret_key": "secret",
    }
    requests.post(f"{endpoint}/moto-api/reset", timeout=10)
    server.shutdown()
    thread.join()
    server.server_close()
