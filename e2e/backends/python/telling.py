"""What the services of this folder have in common: the routes, and the line that tells of a request."""

import json
import os
from urllib.parse import urlsplit

ROUTES = ["/healthz", "/admin", "/admin/users", "/users/{id}", "/users/{id}/orders", "/orders", "/orders/{id}", "/files/{path}"]
OVERRIDES = ["x-http-method-override", "x-http-method", "x-method-override"]


def latin1(text):
    """Each byte as one character, whatever the text was decoded with."""
    if isinstance(text, bytes):
        return text.decode("latin-1")
    return text.encode("utf-8", "surrogateescape").decode("latin-1")


def effective(method, get):
    """The method, after what asks for another."""
    for name in OVERRIDES:
        if get(name):
            method = get(name).strip().upper()
    return method


def hosts(host):
    """The host as the framework has it, and as a URL's."""
    named = [host]
    try:
        named.append(urlsplit(f"http://{host}/").hostname or "")
    except ValueError:
        pass
    return [latin1(name) for name in named]


def tell(case, method, operations, path, host, **more):
    line = {"case": case, "method": method, "operations": operations, "path": latin1(path), "hosts": hosts(host), **more}
    with open(os.environ["SEEN"], "ab", buffering=0) as file:
        file.write(json.dumps(line).encode() + b"\n")


def operation(route, params):
    return [{"route": route, "params": {name: latin1(value) for name, value in params.items()}}]


def variables(environ):
    """What a CGI program would be told of the headers."""
    return {name: value for name, value in environ.items() if name.startswith("HTTP_") and isinstance(value, str)}
