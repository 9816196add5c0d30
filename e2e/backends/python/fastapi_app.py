"""How FastAPI reads a request; uvicorn or Hypercorn in front."""

from fastapi import FastAPI, Request
from telling import ROUTES, effective, latin1, operation, tell

app = FastAPI()
METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE"]


async def answer(request, operations):
    await request.body()
    method = effective(request.method, request.headers.get)
    headers = [[latin1(name), latin1(value)] for name, value in request.headers.raw]
    host = request.headers.get("host", "")
    tell(request.headers.get("x-case", ""), method, operations, request.url.path, host, headers=headers)


def add(route):
    async def endpoint(request: Request):
        await answer(request, operation(route, request.path_params))

    app.add_api_route(route.replace("{path}", "{path:path}"), endpoint, methods=METHODS)


for each in ROUTES:
    add(each)


@app.exception_handler(404)
async def missing(request, error):
    from starlette.responses import Response

    await answer(request, [])
    return Response(status_code=404)
