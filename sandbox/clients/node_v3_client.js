// npm wechatpay-node-v3 against the sandbox. It knows one address only, so its own HTTP service is given another.
'use strict';

const assert = require('node:assert/strict');
const { createHash } = require('node:crypto');
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const Pay = require('wechatpay-node-v3');
const { control, receiver } = require('./sandbox.js');

const OFFICIAL = 'https://api.mch.weixin.qq.com';
const connection = JSON.parse(readFileSync(join(process.argv[2], 'sandbox.json')));

function client() {
  const pay = new Pay({
    appid: connection.appid,
    mchid: connection.mchid,
    publicKey: Buffer.from(connection.merchant_certificate),
    privateKey: Buffer.from(connection.merchant_private_key),
    key: connection.apiv3_key,
  });
  const http = pay.httpService;
  const there = (url) => url.replace(OFFICIAL, connection.base_url);
  pay.createHttp({
    get: (url, headers) => http.get(there(url), headers),
    post: (url, params, headers) => http.post(there(url), params, headers),
  });
  return pay;
}

async function open(pay, { headers, body }) {
  const genuine = await pay.verifySign({
    timestamp: headers['wechatpay-timestamp'], nonce: headers['wechatpay-nonce'], body,
    serial: headers['wechatpay-serial'], signature: headers['wechatpay-signature'], apiSecret: connection.apiv3_key,
  });
  assert.ok(genuine, 'a notification is not genuine');
  const { resource: { ciphertext, associated_data, nonce } } = JSON.parse(body);
  return pay.decipher_gcm(ciphertext, associated_data, nonce);
}

function expect(answer, status) {
  assert.equal(answer.status, status, answer.error);
  return answer.data;
}

async function main() {
  const mailbox = await receiver();
  await control(connection, 'clock', { now: '2026-04-07T12:00:00+08:00' });
  const pay = client();
  // The library reads the serial out of the certificate; it must be the one we were told.
  assert.equal(pay.serial_no.toUpperCase(), connection.merchant_serial);
  const certificates = await pay.get_certificates(connection.apiv3_key);
  assert.ok(certificates.length > 0 && certificates[0].publicKey.startsWith('-----BEGIN PUBLIC KEY-----'));

  for (const out_trade_no of ['Node3paid01', 'Node3closed01']) {
    const answer = await pay.transactions_jsapi({
      out_trade_no, description: '爱心捐款', notify_url: mailbox.url, attach: 'p=7',
      amount: { total: 5000, currency: 'CNY' }, payer: { openid: 'oSample1' },
    });
    assert.match(expect(answer, 200).package, /^prepay_id=wx/);
  }
  const transaction = await control(connection, 'pay', { out_trade_no: 'Node3paid01' });
  assert.deepEqual(await open(pay, await mailbox.next()), transaction);
  assert.deepEqual(expect(await pay.query({ out_trade_no: 'Node3paid01' }), 200), transaction);
  assert.equal((await pay.close('Node3closed01')).status, 204);
  assert.equal(expect(await pay.query({ out_trade_no: 'Node3closed01' }), 200).trade_state, 'CLOSED');
  const refund = {
    out_trade_no: 'Node3paid01', out_refund_no: 'Node3refund01', notify_url: mailbox.url,
    amount: { refund: 5000, total: 5000, currency: 'CNY' },
  };
  assert.equal(expect(await pay.refunds(refund), 200).status, 'PROCESSING');
  assert.equal((await open(pay, await mailbox.next())).refund_status, 'SUCCESS');
  assert.equal(expect(await pay.find_refunds('Node3refund01'), 200).status, 'SUCCESS');

  await control(connection, 'clock', { now: '2026-04-08T10:30:00+08:00' });
  for (const kind of ['tradebill', 'fundflowbill']) {
    const { download_url, hash_value } = expect(await pay[kind]({ bill_date: '2026-04-07' }), 200);
    const file = expect(await pay.downloadBill(download_url.replace(connection.base_url, OFFICIAL)), 200);
    assert.equal(createHash('sha1').update(file).digest('hex'), hash_value);
  }
  await control(connection, 'clock', {});
  mailbox.close();
}

const started = Date.now();
main().then(() => console.log(`wechatpay-node-v3 passed in ${(Date.now() - started) / 1000} s`), (error) => {
  console.error(error);
  process.exit(1);
});
