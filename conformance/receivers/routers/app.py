"""An app of the framework that is named, as server.mjs has them."""
import logging
import sys
from wsgiref.simple_server import WSGIRequestHandler, make_server as make_wsgi_server


def flask():
    from flask import Flask
    from werkzeug.serving import make_server

    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    app = Flask(__name__)
    app.add_url_rule("/stripe", "exact", lambda: "exact", methods=["POST"])
    app.add_url_rule("/stripe/<path:rest>", "below", lambda rest: "below", methods=["POST"])
    return make_server("127.0.0.1", 0, app, threaded=True)


def django():
    from django.conf import settings
    from django.core.wsgi import get_wsgi_application
    from django.http import HttpResponse
    from django.urls import path

    urls = [path("stripe", lambda request: HttpResponse("exact")), path("stripe/<path:rest>", lambda request, rest: HttpResponse("below"))]
    settings.configure(ALLOWED_HOSTS=["*"], ROOT_URLCONF=tuple(urls), MIDDLEWARE=["django.middleware.common.CommonMiddleware"], SECRET_KEY="of a test",
                       LOGGING_CONFIG=None)

    class Quiet(WSGIRequestHandler):
        def log_message(self, *_):
            pass

    return make_wsgi_server("127.0.0.1", 0, get_wsgi_application(), handler_class=Quiet)


server = {"flask": flask, "django": django}[sys.argv[1]]()
print(f"http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
