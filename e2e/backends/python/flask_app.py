"""How Flask reads a request; Werkzeug's own server in front."""

import os

from flask import Flask, request
from telling import ROUTES, effective, operation, tell, variables

METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"]
app = Flask(__name__)


class Override:
    """The middleware that Flask's documentation proposes."""

    def __init__(self, inner):
        self.inner = inner

    def __call__(self, environ, start_response):
        get = lambda name: environ.get("HTTP_" + name.upper().replace("-", "_"))
        environ["REQUEST_METHOD"] = effective(environ["REQUEST_METHOD"], get)
        return self.inner(environ, start_response)


def answer(operations):
    request.get_data()
    headers = [list(header) for header in request.headers.items()]
    case = request.headers.get("x-case", "")
    tell(case, request.method, operations, request.path, request.host, headers=headers, cgi=variables(request.environ))
    return "", 200


def add(route):
    rule = route.replace("{id}", "<id>").replace("{path}", "<path:path>")
    app.add_url_rule(rule, route, lambda **params: answer(operation(route, params)), methods=METHODS)


for each in ROUTES:
    add(each)
app.register_error_handler(404, lambda error: answer([]))
app.wsgi_app = Override(app.wsgi_app)

if __name__ == "__main__":
    app.run("127.0.0.1", int(os.environ["PORT"]), threaded=True)
