// Makes `sdk.json` with foreign libraries in JavaScript, in a folder of its own; README.md beside it says how.

import crypto from "node:crypto";
import fs from "node:fs";
import https from "node:https";
import { createRequire } from "node:module";

import { SIGNS, now } from "./signs.mjs";

const require = createRequire(import.meta.url);
const KIND = "npm "; // marks the vectors of this script among those of the others

/** The first version that a package has on this disk. */
const version = (name) => JSON.parse(fs.readFileSync(`node_modules/${name}/package.json`)).version;
const bearer = (r) => r.headers.authorization.replace("Bearer ", "");
const query = (r) => new URL(r.url).searchParams;
const form = (r) => Object.fromEntries(new URLSearchParams(r.body));
const isForm = (r) => (r.headers["content-type"] ?? "").includes("form");

/** The last bytes of an Ed25519 key in PEM are the key. */
const rawKey = (pem) => Buffer.from(pem.split("\n").slice(1, -2).join(""), "base64").subarray(-32);

/** Ends the check of a request that is in a mode which the library does not know. */
class OtherMode extends Error {}
const needs = (...values) => {
  if (values.some((value) => value === undefined)) throw new OtherMode();
};

/** A Fetch-style request, as frameworks of the web give it. */
const webRequest = (r) =>
  new Request(r.url, { method: r.method, headers: r.headers, body: r.method === "GET" ? undefined : r.raw });

/** What middleware of Express sees of a request, and what it calls at its end. */
const throughPassport = (strategy, r) =>
  new Promise((resolve) => {
    Object.assign(strategy, { success: () => resolve(true), fail: () => resolve(false), error: () => resolve(false) });
    const fields = isForm(r) ? form(r) : {};
    strategy.authenticate({ headers: r.headers, body: fields, query: Object.fromEntries(query(r)) }, {});
  });

const basicStrategy = async (r) => {
  needs(r.headers.authorization, r.options.username, r.options.password);
  const { BasicStrategy } = require("passport-http");
  const { username, password } = r.options;
  const check = (user, word, done) => done(null, user === username && word === password ? {} : false);
  return throughPassport(new BasicStrategy(check), r);
};

const bearerStrategy = async (r) => {
  const secret = r.options.secret;
  needs(secret, query(r).get("access_token") ?? (/^Bearer /.exec(r.headers.authorization ?? "") ? "" : undefined));
  const { Strategy } = require("passport-http-bearer");
  return throughPassport(new Strategy((token, done) => done(null, token === secret ? {} : false)), r);
};

const basicOrBearer = (r) => (r.options.username === undefined ? bearerStrategy(r) : basicStrategy(r));

const standard = (name) => async (r) => {
  const { Webhook } = await import(name);
  needs(r.options.secret);
  return new Webhook(r.options.secret).verify(r.body, r.headers);
};

/** By provider: the package that verifies, and how; false, or an error, is a refusal. */
const ACCEPTS = {
  adyen: ["@adyen/api-library", async (r) => {
    const { hmacValidator: Validator } = require("@adyen/api-library");
    const items = JSON.parse(r.body).notificationItems;
    needs(items);
    return items.every((one) => new Validator().validateHMAC(one.NotificationRequestItem, r.options.secret));
  }],
  alertmanager: ["passport-http-bearer", bearerStrategy],
  anthropic: ["@anthropic-ai/sdk", async (r) => {
    const { default: Anthropic } = await import("@anthropic-ai/sdk");
    needs(r.options.secret);
    return new Anthropic({ apiKey: "x" }).beta.webhooks.unwrap(r.body, { headers: r.headers, key: r.options.secret });
  }],
  "aws-sns": ["sns-validator", async (r) => {
    needs(r.options.certificate);
    delete require.cache[require.resolve("sns-validator")]; // it remembers the certificate of a URL
    const Validator = require("sns-validator");
    https.get = (url, done) => {
      const answer = { statusCode: 200 };
      answer.on = (event, act) => {
        act(event === "data" ? r.options.certificate : undefined);
        return answer;
      };
      done(answer);
      return { on: () => undefined };
    };
    return new Promise((resolve) => new Validator().validate(JSON.parse(r.body), (error) => resolve(!error)));
  }],
  braintree: ["braintree", async (r) => {
    const braintree = require("braintree");
    const fields = form(r);
    const publicKey = fields.bt_signature.split("|")[0];
    const keys = { merchantId: "x", publicKey, privateKey: r.options.private_key };
    const gateway = new braintree.BraintreeGateway({ environment: braintree.Environment.Sandbox, ...keys });
    return gateway.webhookNotification.parse(fields.bt_signature, fields.bt_payload);
  }],
  chargebee: ["passport-http", basicStrategy],
  clerk: ["@clerk/backend", async (r) => {
    const { verifyWebhook } = require("@clerk/backend/webhooks");
    needs(r.options.secret);
    return verifyWebhook(webRequest(r), { signingSecret: r.options.secret });
  }],
  cloudevents: ["passport-http-bearer", bearerStrategy],
  "coinbase-cdp": ["hook0-client", async (r) => {
    const { verifyWebhookSignature } = require("hook0-client");
    const headers = new Headers(r.headers);
    return verifyWebhookSignature(r.headers["x-hook0-signature"], r.raw, headers, r.options.secret, 300);
  }],
  contentful: ["@contentful/node-apps-toolkit", async (r) => {
    const { verifyRequest } = require("@contentful/node-apps-toolkit");
    needs(r.options.secret);
    const { pathname, search } = new URL(r.url);
    return verifyRequest(r.options.secret, { ...r, path: pathname + search, body: r.body }, 300);
  }],
  discord: ["discord-interactions", async (r) => {
    const { verifyKey } = require("discord-interactions");
    const key = rawKey(r.options.public_key).toString("hex");
    return verifyKey(r.raw, r.headers["x-signature-ed25519"], r.headers["x-signature-timestamp"], key);
  }],
  "dropbox-sign": ["@dropbox/sign", async (r) => {
    const sdk = require("@dropbox/sign");
    const found = JSON.parse(/name="json"\r\n\r\n(.*?)\r\n--/s.exec(r.body)[1]);
    return sdk.EventCallbackHelper.isValid(r.options.secret, sdk.EventCallbackRequest.init(found));
  }],
  easypost: ["@easypost/api", async (r) => {
    needs(r.headers["x-hmac-signature"]);
    const { default: Client } = await import("@easypost/api");
    return new Client("x").Utils.validateWebhook(r.raw, r.headers, r.options.secret);
  }],
  ebay: ["event-notification-nodejs-sdk", async (r) => {
    const client = require("event-notification-nodejs-sdk/lib/client");
    client.getPublicKey = async (id) => ({ key: r.options.public_keys[id].replaceAll("\n", "") });
    const { validateSignature } = require("event-notification-nodejs-sdk/lib/validator");
    return validateSignature(JSON.parse(r.body), r.headers["x-ebay-signature"], {});
  }],
  github: ["@octokit/webhooks-methods", async (r) => {
    const { verify } = await import("@octokit/webhooks-methods");
    return verify(r.options.secret, r.body, r.headers["x-hub-signature-256"]);
  }],
  gocardless: ["gocardless-nodejs", async (r) => {
    const { parse } = require("gocardless-nodejs/webhooks");
    return parse(r.body, r.options.secret, r.headers["webhook-signature"]);
  }],
  hubspot: ["@hubspot/api-client", async (r) => {
    const { Signature } = require("@hubspot/api-client");
    needs(r.method === "GET" ? undefined : "");
    const third = r.headers["x-hubspot-signature-v3"];
    return Signature.isValid({
      signature: third ?? r.headers["x-hubspot-signature"],
      signatureVersion: third ? "v3" : r.headers["x-hubspot-signature-version"],
      timestamp: Number(r.headers["x-hubspot-request-timestamp"]),
      clientSecret: r.options.secret,
      requestBody: r.body,
      method: r.method,
      url: r.url,
    });
  }],
  line: ["@line/bot-sdk", async (r) => {
    const { validateSignature } = require("@line/bot-sdk");
    return validateSignature(r.body, r.options.secret, r.headers["x-line-signature"]);
  }],
  linear: ["@linear/sdk", async (r) => {
    const { LinearWebhookClient } = await import("@linear/sdk/webhooks");
    return new LinearWebhookClient(r.options.secret).verify(r.raw, r.headers["linear-signature"]);
  }],
  livekit: ["livekit-server-sdk", async (r) => {
    const { WebhookReceiver } = await import("livekit-server-sdk");
    return new WebhookReceiver(r.options.api_key, r.options.secret).receive(r.body, r.headers.authorization);
  }],
  mercadopago: ["mercadopago", async (r) => {
    const { WebhookSignatureValidator } = require("mercadopago");
    WebhookSignatureValidator.validate({
      xSignature: r.headers["x-signature"],
      xRequestId: r.headers["x-request-id"],
      dataId: query(r).get("data.id").toLowerCase(),
      secret: r.options.secret,
    });
  }],
  mux: ["@mux/mux-node", async (r) => {
    const { default: Mux } = await import("@mux/mux-node");
    const client = new Mux({ tokenId: "x", tokenSecret: "x" });
    await client.webhooks.verifySignature(r.body, r.headers, r.options.secret);
  }],
  netlify: ["jsonwebtoken", async (r) => {
    const jwt = require("jsonwebtoken");
    const digest = crypto.createHash("sha256").update(r.raw).digest("hex");
    const options = { issuer: "netlify", algorithms: ["HS256"] };
    return jwt.verify(r.headers["x-webhook-signature"], r.options.secret, options).sha256 === digest;
  }],
  onfido: ["@onfido/api", async (r) => {
    const { WebhookEventVerifier } = require("@onfido/api");
    return new WebhookEventVerifier(r.options.secret).readPayload(r.body, r.headers["x-sha2-signature"]);
  }],
  openai: ["openai", async (r) => {
    const { default: OpenAI } = await import("openai");
    needs(r.options.secret);
    await new OpenAI({ apiKey: "x" }).webhooks.verifySignature(r.body, r.headers, r.options.secret);
  }],
  plaid: ["jose", async (r) => {
    const { importSPKI, jwtVerify } = await import("jose");
    const key = await importSPKI(r.options.jwks, "ES256");
    const { payload } = await jwtVerify(r.headers["plaid-verification"], key, { maxTokenAge: "5 min" });
    const digest = crypto.createHash("sha256").update(r.raw).digest("hex");
    return payload.request_body_sha256 === digest;
  }],
  plivo: ["plivo", async (r) => {
    const { validateV3Signature } = require("plivo");
    const [nonce, signature] = [r.headers["x-plivo-signature-v3-nonce"], r.headers["x-plivo-signature-v3"]];
    return validateV3Signature(r.method, r.url, nonce, r.options.secret, signature, isForm(r) ? form(r) : {});
  }],
  "plivo-v2": ["plivo", async (r) => {
    const { validateSignature } = require("plivo");
    const [nonce, signature] = [r.headers["x-plivo-signature-v2-nonce"], r.headers["x-plivo-signature-v2"]];
    return validateSignature(r.url, nonce, signature, r.options.secret);
  }],
  postmark: ["passport-http", basicOrBearer],
  pusher: ["pusher", async (r) => {
    const Pusher = require("pusher");
    const client = new Pusher({ appId: "1", key: r.options.key, secret: r.options.secret, cluster: "eu" });
    return client.webhook({ headers: r.headers, rawBody: r.body }).isValid();
  }],
  razorpay: ["razorpay", async (r) => {
    const { validateWebhookSignature } = require("razorpay/dist/utils/razorpay-utils");
    return validateWebhookSignature(r.body, r.headers["x-razorpay-signature"], r.options.secret);
  }],
  resend: ["resend", async (r) => {
    const { Resend } = await import("resend");
    needs(r.options.secret);
    const [id, timestamp, signature] = ["id", "timestamp", "signature"].map((name) => r.headers[`svix-${name}`]);
    const headers = { id, timestamp, signature };
    return new Resend("x").webhooks.verify({ payload: r.body, headers, webhookSecret: r.options.secret });
  }],
  sanity: ["@sanity/webhook", async (r) => {
    const { isValidSignature } = require("@sanity/webhook");
    return isValidSignature(r.body, r.headers["sanity-webhook-signature"], r.options.secret);
  }],
  sendgrid: ["@sendgrid/eventwebhook", async (r) => {
    needs(r.options.public_key);
    const { EventWebhook } = require("@sendgrid/eventwebhook");
    const name = "x-twilio-email-event-webhook";
    const tool = new EventWebhook();
    const key = tool.convertPublicKeyToECDSA(r.options.public_key.split("\n").slice(1, -2).join(""));
    return tool.verifySignature(key, r.raw, r.headers[`${name}-signature`], r.headers[`${name}-timestamp`]);
  }],
  shopify: ["@shopify/shopify-api", async (r) => {
    needs(r.headers["x-shopify-topic"]);
    await import("@shopify/shopify-api/adapters/node");
    const { shopifyApi } = await import("@shopify/shopify-api");
    const keys = { apiKey: "x", apiSecretKey: r.options.secret, hostName: "x.example" };
    const settings = { ...keys, apiVersion: "2026-01", isEmbeddedApp: false, logger: { log: () => undefined } };
    const required = { "x-shopify-webhook-id": "1", "x-shopify-shop-domain": "x.myshopify.com" };
    const headers = { "x-shopify-api-version": "2026-01", ...required, "x-shopify-event-id": "1", ...r.headers };
    return (await shopifyApi(settings).webhooks.validate({ rawBody: r.body, rawRequest: { ...r, headers } })).valid;
  }],
  slack: ["@slack/bolt", async (r) => {
    const { verifySlackRequest } = require("@slack/bolt");
    verifySlackRequest({ signingSecret: r.options.secret, body: r.body, headers: r.headers });
  }],
  square: ["square", async (r) => {
    const { WebhooksHelper } = await import("square");
    const signature = r.headers["x-square-hmacsha256-signature"];
    const keys = { signatureKey: r.options.secret, notificationUrl: r.url };
    return WebhooksHelper.verifySignature({ requestBody: r.body, signatureHeader: signature, ...keys });
  }],
  "standard-webhooks": ["standardwebhooks", standard("standardwebhooks")],
  stream: ["stream-chat", async (r) => {
    const { StreamChat } = await import("stream-chat");
    return new StreamChat("x", r.options.secret).verifyWebhook(r.raw, r.headers["x-signature"]);
  }],
  svix: ["svix", standard("svix")],
  telegram: ["grammy", async (r) => {
    const { Bot, webhookCallback } = await import("grammy");
    const bot = new Bot("1:x", { botInfo: { id: 1, is_bot: true, first_name: "x", username: "xbot" } });
    const callback = webhookCallback(bot, "std/http", { secretToken: r.options.secret });
    return (await callback(webRequest(r))).status === 200;
  }],
  telnyx: ["telnyx", async (r) => {
    const { TelnyxWebhook } = await import("telnyx/lib/webhooks");
    await new TelnyxWebhook(rawKey(r.options.public_key).toString("base64")).verify(r.body, r.headers);
  }],
  twilio: ["twilio", async (r) => {
    const signature = r.headers["x-twilio-signature"];
    needs(signature, r.headers["x-twilio-webhooks-signature-settings"] === undefined ? "" : undefined);
    const twilio = require("twilio");
    if (isForm(r)) return twilio.validateRequest(r.options.secret, signature, r.url, form(r));
    return r.method === "GET"
      ? twilio.validateRequest(r.options.secret, signature, r.url, {})
      : twilio.validateRequestWithBody(r.options.secret, signature, r.url, r.body);
  }],
  viber: ["viber-bot", async (r) => {
    const Validator = require("viber-bot/lib/message/message-validator");
    const validator = new Validator({ debug: () => undefined }, r.options.secret);
    return validator.validateMessage(r.headers["x-viber-content-signature"], r.raw);
  }],
  webflow: ["webflow-api", async (r) => {
    needs(r.headers["x-webflow-signature"]);
    const { WebflowClient } = require("webflow-api");
    const client = new WebflowClient({ accessToken: "x" });
    return client.webhooks.verifySignature({ headers: r.headers, body: r.body, secret: r.options.secret });
  }],
  zoom: ["@zoom/rivet", async (r) => {
    needs(r.headers["x-zm-signature"]);
    const { AwsLambdaReceiver } = await import("@zoom/rivet/marketplace");
    const receive = new AwsLambdaReceiver({ webhooksSecretToken: r.options.secret }).start();
    return (await receive({ headers: r.headers, body: r.body, isBase64Encoded: false }, {})).statusCode === 200;
  }],
};

// What the library verifies does not cover the body.
const BODYLESS = new Set(
  ["alertmanager", "chargebee", "cloudevents", "mercadopago", "plivo-v2", "postmark", "telegram"],
);

/** What the library says; undefined if the request is in a mode that it does not know. */
async function verdict(check, r) {
  try {
    return (await check(r)) !== false;
  } catch (error) {
    if (process.env.DEBUG && !(error instanceof OtherMode)) console.error(r.url, error);
    return error instanceof OtherMode ? undefined : false;
  }
}

const requestOf = (vector, raw) => ({ ...vector, raw, body: raw.toString() });

/** A vector as the others are; keys of development are left out, but Braintree's, which both sides have. */
function written(vector, r, origin, note) {
  const { private_key: key, ...known } = r.options;
  const options = vector.provider === "braintree" ? { ...known, private_key: key } : known;
  const sent = { method: r.method, url: r.url, headers: r.headers, body_b64: r.raw.toString("base64") };
  return { ...vector, origin, options, ...sent, note: KIND + note };
}

/** The hub's request, if the library accepts it, but not with another body: each `e` in it made a 3. */
async function* accepted(vector, r) {
  const [name, check] = ACCEPTS[vector.provider] ?? [];
  if (check === undefined) return;
  const said = await verdict(check, r);
  const spoiled = requestOf(r, Buffer.from(r.body.replaceAll("e", "3")));
  if (said === false) console.error(`${vector.provider}: ${name} refuses what the hub signs`);
  else if (said && r.raw.length && !BODYLESS.has(vector.provider) && (await verdict(check, spoiled)))
    console.error(`${vector.provider}: ${name} accepts another body`);
  else if (said) yield written(vector, r, "sdk-accepted", `${name} ${version(name)} accepts what the hub signs`);
}

/** The request with a library's proof. */
async function* made(vector, r) {
  const [name, sign] = SIGNS[vector.provider] ?? [];
  const found = await sign?.(r);
  if (found === undefined) return;
  const signed = requestOf({ ...r, headers: { ...r.headers, ...found.headers } }, found.raw ?? r.raw);
  signed.options = { ...r.options, ...found.options };
  yield written({ ...vector, now }, signed, "sdk-generated", `${name} ${version(name)} signs`);
}

const [ours, result] = process.argv.slice(2);
const mine = [];
for (const vector of JSON.parse(fs.readFileSync(ours))) {
  const r = requestOf(vector, Buffer.from(vector.body_b64, "base64"));
  for await (const one of accepted(vector, r)) mine.push(one);
  for await (const one of made(vector, r)) mine.push(one);
}
const kept = fs.existsSync(result) ? JSON.parse(fs.readFileSync(result)) : [];
const all = [...kept.filter((vector) => !vector.note.startsWith(KIND)), ...mine];
const key = (vector) => `${vector.provider ?? ""} ${vector.note}`;
all.sort((one, other) => (key(one) < key(other) ? -1 : key(one) > key(other) ? 1 : 0));
fs.writeFileSync(result, `${JSON.stringify(all, null, 1)}\n`);
console.log(mine.length, "vectors of", new Set(mine.map((vector) => vector.provider)).size, "providers");
process.exit(0); // some libraries keep timers
