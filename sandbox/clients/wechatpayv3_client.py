"""PyPI wechatpayv3 against the sandbox: in public-key mode, in certificate mode, and over a key change."""

import csv
import gzip
import hashlib
import io
import json
import queue
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import requests
from wechatpayv3 import WeChatPay, WeChatPayType
from wechatpayv3.core import Core

CONNECTION = json.loads((Path(sys.argv[1]) / "sandbox.json").read_text())
BASE = CONNECTION["base_url"]

# The library knows one address only; everything else of it stays as it is.
Core._gate_way = property(lambda core: BASE, lambda core, address: None)


class Receiver(BaseHTTPRequestHandler):
    """Keeps notifications for whoever waits, and acknowledges them."""

    arrived = queue.Queue()

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        Receiver.arrived.put((dict(self.headers), body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


def control(name, **body):
    answer = requests.post(f"{BASE}/sandbox/{name}", json=body, timeout=10)
    assert answer.status_code == 200, answer.text
    return answer.json()


def expect(answer, status):
    assert answer[0] == status, answer
    return json.loads(answer[1]) if answer[1] else None


def notification(client, number):
    """The next notification about an order or a refund, verified and opened by the library."""
    while True:
        headers, body = Receiver.arrived.get(timeout=5)
        event = client.callback({name.title(): value for name, value in headers.items()}, body)
        assert event, "the library does not accept the notification"
        if number in event["resource"].values():
            return event


def client(notify_url, public_key):
    keys = {}
    if public_key:
        keys = {"public_key": CONNECTION["platform_public_key"], "public_key_id": CONNECTION["platform_public_key_id"]}
    return WeChatPay(
        wechatpay_type=WeChatPayType.MINIPROG,
        mchid=CONNECTION["mchid"],
        private_key=CONNECTION["merchant_private_key"],
        cert_serial_no=CONNECTION["merchant_serial"],
        appid=CONNECTION["appid"],
        apiv3_key=CONNECTION["apiv3_key"],
        notify_url=notify_url,
        **keys,
    )


def life_of_an_order(pay, prefix):
    paid, closed, refund = f"{prefix}paid01", f"{prefix}closed01", f"{prefix}refund01"
    for number in (paid, closed):
        order = {"description": "爱心捐款", "out_trade_no": number, "amount": {"total": 10000, "currency": "CNY"}}
        answer = expect(pay.pay(payer={"openid": "oSample1"}, attach="p=7,r=2", **order), 200)
        assert answer["prepay_id"].startswith("wx")
    assert expect(pay.query(out_trade_no=paid), 200)["trade_state"] == "NOTPAY"

    transaction = control("pay", out_trade_no=paid)
    event = notification(pay, paid)
    assert (event["event_type"], event["resource"]) == ("TRANSACTION.SUCCESS", transaction)
    assert expect(pay.query(out_trade_no=paid), 200) == transaction
    assert expect(pay.query(transaction_id=transaction["transaction_id"]), 200) == transaction

    assert pay.close(closed)[0] == 204
    assert expect(pay.query(out_trade_no=closed), 200)["trade_state"] == "CLOSED"
    assert expect(pay.close(paid), 400)["code"] == "ORDER_PAID"
    assert expect(pay.query(out_trade_no="nothing01"), 404)["code"] == "ORDER_NOT_EXIST"

    amount = {"refund": 2500, "total": 10000, "currency": "CNY"}
    assert expect(pay.refund(refund, amount, out_trade_no=paid, reason="重复捐款"), 200)["status"] == "PROCESSING"
    event = notification(pay, refund)
    assert (event["event_type"], event["resource"]["refund_status"]) == ("REFUND.SUCCESS", "SUCCESS")
    assert expect(pay.query_refund(refund), 200)["status"] == "SUCCESS"


def bill(pay, ask, tar_type):
    answer = expect(ask(bill_date="2026-02-03", tar_type=tar_type), 200)
    status, file = pay.download_bill(answer["download_url"])
    assert status == 200, file
    if tar_type == "GZIP":
        file = gzip.decompress(file)
    file = file.encode() if isinstance(file, str) else file
    assert hashlib.sha1(file).hexdigest() == answer["hash_value"]
    rows = list(csv.reader(io.StringIO(file.decode("utf-8-sig"), newline="")))
    return [dict(zip(rows[0], (cell.removeprefix("`") for cell in row))) for row in rows[1:-2]]


def main():
    server = HTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    notify_url = f"http://127.0.0.1:{server.server_port}/notify"

    control("clock", now="2026-02-03T12:00:00+08:00")
    with_public_key = client(notify_url, public_key=True)
    life_of_an_order(with_public_key, "PyKey")
    with_certificates = client(notify_url, public_key=False)
    life_of_an_order(with_certificates, "PyCert")
    control("key-change")
    life_of_an_order(with_public_key, "PyNewKey")
    life_of_an_order(with_certificates, "PyNewCert")

    assert json.loads(with_public_key.trade_bill("2026-02-03")[1])["code"] == "INVALID_REQUEST"
    control("clock", now="2026-02-04T10:30:00+08:00")
    for tar_type in ("GZIP", ""):
        trades = bill(with_public_key, with_public_key.trade_bill, tar_type)
        assert len(trades) == 8 and {row["交易状态"] for row in trades} == {"SUCCESS", "REFUND"}, trades
        flows = bill(with_certificates, with_certificates.fundflow_bill, tar_type)
        assert [row["业务类型"] for row in flows].count("扣除交易手续费") == 4, flows
    control("clock")


started = time.monotonic()
main()
print(f"wechatpayv3 passed in {time.monotonic() - started:.1f} s")
