// npm wechatpay-axios-plugin against the sandbox: public key, certificates (by its own downloader), bills.
'use strict';

const assert = require('node:assert/strict');
const { createHash } = require('node:crypto');
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { gunzipSync } = require('node:zlib');
const { Wechatpay, Aes: { AesGcm }, Formatter, Rsa } = require('wechatpay-axios-plugin');
const { control, receiver } = require('./sandbox.js');

const state = process.argv[2];
const connection = JSON.parse(readFileSync(join(state, 'sandbox.json')));
const baseURL = `${connection.base_url}/`;

function client(certs, headers = {}) {
  return new Wechatpay({
    baseURL, headers, certs,
    mchid: connection.mchid,
    serial: connection.merchant_serial,
    privateKey: connection.merchant_private_key,
  });
}

/** Checks a notification with the library's own pieces and opens it. */
function open({ headers, body }, certs) {
  const message = Formatter.response(headers['wechatpay-timestamp'], headers['wechatpay-nonce'], body);
  const key = certs[headers['wechatpay-serial']];
  assert.ok(key, `unknown serial ${headers['wechatpay-serial']}`);
  assert.ok(Rsa.verify(message, headers['wechatpay-signature'], key), 'a notification is not genuine');
  const { resource: { ciphertext, nonce, associated_data: aad } } = JSON.parse(body);
  return JSON.parse(AesGcm.decrypt(ciphertext, connection.apiv3_key, nonce, aad));
}

async function refused(call, status, code) {
  await assert.rejects(call, ({ response }) => response.status === status && response.data.code === code);
}

async function lifeOfAnOrder(wxpay, certs, mailbox, prefix) {
  const { mchid, appid } = connection;
  const [paid, closed, refund] = [`${prefix}paid01`, `${prefix}closed01`, `${prefix}refund01`];
  for (const out_trade_no of [paid, closed]) {
    const { data } = await wxpay.v3.pay.transactions.jsapi.post({
      appid, mchid, out_trade_no, description: '爱心捐款', notify_url: mailbox.url, attach: 'p=7,r=2',
      amount: { total: 10000, currency: 'CNY' }, payer: { openid: 'oSample1' },
    });
    assert.match(data.prepay_id, /^wx/);
  }
  const query = (out_trade_no) => wxpay.v3.pay.transactions.outTradeNo.$out_trade_no$
    .get({ params: { mchid }, out_trade_no }).then(({ data }) => data);
  const close = (out_trade_no) => wxpay.v3.pay.transactions.outTradeNo.$out_trade_no$.close
    .post({ mchid }, { out_trade_no });
  assert.equal((await query(paid)).trade_state, 'NOTPAY');
  const transaction = await control(connection, 'pay', { out_trade_no: paid });
  assert.deepEqual(open(await mailbox.next(), certs), transaction);
  assert.deepEqual(await query(paid), transaction);
  const { data } = await wxpay.v3.pay.transactions.id.$transaction_id$
    .get({ params: { mchid }, transaction_id: transaction.transaction_id });
  assert.deepEqual(data, transaction);

  assert.equal((await close(closed)).status, 204);
  assert.equal((await query(closed)).trade_state, 'CLOSED');
  await refused(close(paid), 400, 'ORDER_PAID');
  await refused(query('nothing01'), 404, 'ORDER_NOT_EXIST');

  const asked = await wxpay.v3.refund.domestic.refunds.post({
    out_trade_no: paid, out_refund_no: refund, notify_url: mailbox.url,
    amount: { refund: 2500, total: 10000, currency: 'CNY' },
  });
  assert.equal(asked.data.status, 'PROCESSING');
  assert.equal(open(await mailbox.next(), certs).refund_status, 'SUCCESS');
  const { data: done } = await wxpay.v3.refund.domestic.refunds.$out_refund_no$.get({ out_refund_no: refund });
  assert.equal(done.status, 'SUCCESS');
}

/**
 * Platform certificates: opened first, then the answer that brought them is verified with them, by the library. (Its own
 * downloader, 0.9.6, copies the set of keys before it fills it, and so knows none of them, whatever the server.)
 */
async function certificates() {
  const config = {
    baseURL, certs: { any: undefined }, mchid: connection.mchid, serial: connection.merchant_serial,
    privateKey: connection.merchant_private_key,
  };
  const wxpay = new Wechatpay(config);
  const opened = {};
  const open = (body) => {
    JSON.parse(body).data.forEach(({ serial_no, encrypt_certificate: { nonce, associated_data, ciphertext } }) => {
      opened[serial_no] = AesGcm.decrypt(ciphertext, connection.apiv3_key, nonce, associated_data);
      config.certs[serial_no] = Rsa.from(opened[serial_no], Rsa.KEY_TYPE_PUBLIC);
    });
    return body;
  };
  await wxpay.v3.certificates.get({ transformResponse: [open, ...wxpay.client.v3.defaults.transformResponse] });
  assert.ok(Object.keys(opened).length > 0, 'no certificate came');
  return opened;
}

async function bill(wxpay, kind, params) {
  const { data: { download_url, hash_value } } = await wxpay.v3.bill[kind].get({ params });
  const url = new URL(download_url);
  assert.equal(url.pathname, '/v3/billdownload/file');
  const { data } = await wxpay.v3.billdownload.file.get({
    params: Object.fromEntries(url.searchParams), responseType: 'arraybuffer',
  });
  const file = params.tar_type ? gunzipSync(data) : Buffer.from(data);
  assert.equal(createHash('sha1').update(file).digest('hex'), hash_value);
  return Formatter.castCsvBill(file);
}

async function main() {
  const mailbox = await receiver();
  await control(connection, 'clock', { now: '2026-03-05T12:00:00+08:00' });
  const certs = await certificates();
  const publicKey = { [connection.platform_public_key_id]: connection.platform_public_key };
  const byKey = client(publicKey, { 'Wechatpay-Serial': connection.platform_public_key_id });
  await lifeOfAnOrder(byKey, { ...publicKey, ...certs }, mailbox, 'AxiosKey');
  await lifeOfAnOrder(client(certs), { ...publicKey, ...certs }, mailbox, 'AxiosCert');

  await control(connection, 'clock', { now: '2026-03-06T10:30:00+08:00' });
  for (const tar_type of ['GZIP', undefined]) {
    const trades = await bill(byKey, 'tradebill', { bill_date: '2026-03-05', bill_type: 'ALL', tar_type });
    assert.equal(trades.rows.length, 4);
    assert.equal(trades.summary['订单总金额'], '200.00');
    assert.equal(trades.summary['手续费总金额'], '0.90000');
    const flows = await bill(byKey, 'fundflowbill', { bill_date: '2026-03-05', tar_type });
    assert.equal(flows.rows.length, 6);
    assert.equal(flows.summary['收入金额'], '200.00');
  }
  await refused(byKey.v3.bill.tradebill.get({ params: { bill_date: '2026-03-01' } }), 400, 'NO_STATEMENT_EXIST');
  await control(connection, 'clock', {});
  mailbox.close();
}

const started = Date.now();
main().then(() => console.log(`wechatpay-axios-plugin passed in ${(Date.now() - started) / 1000} s`), (error) => {
  console.error(error.response ? [error.message, error.response.data] : error);
  process.exit(1);
});
