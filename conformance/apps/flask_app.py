"""An app for Stripe's webhooks: Flask and Stripe's own library."""
import json
import logging

import stripe
from flask import Flask, jsonify, request
from werkzeug.serving import make_server

import shop

app = Flask(__name__)
logging.getLogger("werkzeug").setLevel(logging.ERROR)


@app.get("/handled")
def handled():
    return str(shop.handled)


@app.post("/webhooks")
def webhooks():
    shop.work()
    payload = request.get_data()
    if shop.BREAK == "body parsed first":
        payload = json.dumps(request.get_json(force=True)).encode()
    try:
        event = stripe.Webhook.construct_event(payload, request.headers.get("Stripe-Signature", ""), shop.SECRET)
    except stripe.error.SignatureVerificationError as error:
        return jsonify(error=str(error)), 400
    except ValueError:
        return jsonify(error="not JSON"), 400
    shop.handle(event.get("id"), event.get("type"), fails_on="charge.refunded")
    return jsonify(ok=True)


shop.serve(make_server("127.0.0.1", 0, app, threaded=True))
