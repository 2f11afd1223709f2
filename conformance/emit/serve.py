"""Serves a receiver in Python, as its framework's own server does: serve.py flask|django|fastapi FOLDER"""
import logging
import sys
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

framework, folder = sys.argv[1:]
sys.path.insert(0, folder)


class Server(ThreadingMixIn, WSGIServer):
    """A thread for each request, as Django's own; a short queue has the system reset connections on a busy machine."""
    daemon_threads = True
    request_queue_size = 128


class Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        pass


def wsgi(application):
    server = make_server("127.0.0.1", 0, application, Server, Quiet)
    print(f"listening on port {server.server_port}", flush=True)
    server.serve_forever()


def flask():
    import receiver
    from werkzeug.serving import make_server as make_flask_server

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_flask_server("127.0.0.1", 0, receiver.app, threaded=True)
    print(f"listening on port {server.server_port}", flush=True)
    server.serve_forever()


def django():
    from django.conf import settings

    settings.configure(
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF="urls",
        MIDDLEWARE=["django.middleware.common.CommonMiddleware", "django.middleware.csrf.CsrfViewMiddleware"],
    )
    from django.core.wsgi import get_wsgi_application

    wsgi(get_wsgi_application())


def fastapi():
    import socket

    import receiver
    import uvicorn

    listener = socket.create_server(("127.0.0.1", 0))
    print(f"listening on port {listener.getsockname()[1]}", flush=True)
    uvicorn.Server(uvicorn.Config(receiver.app, log_level="error")).run(sockets=[listener])


{"flask": flask, "django": django, "fastapi": fastapi}[framework]()
