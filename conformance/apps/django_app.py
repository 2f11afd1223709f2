"""An app for Twilio's webhooks: Django and Twilio's own library."""
import logging
from socketserver import ThreadingMixIn
from urllib.parse import parse_qsl
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from twilio.request_validator import RequestValidator

import shop

validator = RequestValidator(shop.SECRET)


@csrf_exempt
def webhooks(request):
    if request.method != "POST":
        return HttpResponse(status=405)
    shop.work()
    fields = dict(parse_qsl(request.body.decode(), keep_blank_values=shop.BREAK != "body parsed first"))
    if not validator.validate(request.build_absolute_uri(), fields, request.headers.get("X-Twilio-Signature", "")):
        return JsonResponse({"error": "signature"}, status=403)
    kind = "call" if "CallStatus" in request.POST else "message"
    shop.handle(request.headers.get("I-Twilio-Idempotency-Token"), kind, fails_on="call")
    return HttpResponse("<Response/>", content_type="text/xml")


def handled(request):
    return HttpResponse(str(shop.handled))


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 128


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


# Behind barb listen, as behind any proxy, the address that Twilio signed is in X-Forwarded-Host.
settings.configure(ALLOWED_HOSTS=["*"], USE_X_FORWARDED_HOST=True, SECRET_KEY="of a test", LOGGING_CONFIG=None,
                   ROOT_URLCONF=(path("webhooks", webhooks), path("handled", handled)))
logging.disable(logging.CRITICAL)
shop.serve(make_server("127.0.0.1", 0, get_wsgi_application(), Server, Quiet))
