"""How Django reads a request; gunicorn in front."""

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path
from telling import ROUTES, effective, operation, tell, variables

settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY="of-a-test", MIDDLEWARE=[
    "django.middleware.common.CommonMiddleware",
])


def view(route):
    def answer(request, **params):
        request.body
        method = effective(request.method, request.headers.get)
        headers = [list(header) for header in request.headers.items()]
        case = request.headers.get("x-case", "")
        operations = operation(route, params) if route else []
        tell(case, method, operations, request.path, request.get_host(), headers=headers, cgi=variables(request.META))
        return HttpResponse()

    return answer


urlpatterns = [
    path(route.strip("/").replace("{id}", "<str:id>").replace("{path}", "<path:path>"), view(route)) for route in ROUTES
]
handler404 = lambda request, exception: view("")(request)
application = get_wsgi_application()
