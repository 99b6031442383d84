// Libraries in JavaScript that sign: by provider, the package and a function.
//
// A function gets a sample as the hub signed it, and gives what is other in it with the library's proof; nothing where
// the sample has another mode.

import crypto from "node:crypto";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
export const now = Math.floor(Date.now() / 1000);

const sha256 = (r) => crypto.createHash("sha256").update(r.raw).digest("hex");
const pair = crypto.generateKeyPairSync("rsa", { modulusLength: 2048 });
const rsa = {
  private: pair.privateKey.export({ type: "pkcs8", format: "pem" }),
  public: pair.publicKey.export({ type: "spki", format: "pem" }),
};

/** A token of jsonwebtoken in a header. */
const token = (header, claims, form = (text) => text) => (r) => {
  if (r.headers[header] === undefined || r.options.secret === undefined) return undefined;
  const signed = require("jsonwebtoken").sign({ iat: now, ...claims(r) }, r.options.secret, { expiresIn: 300 });
  return { headers: { [header]: form(signed) } };
};

const standard = (name, kind) => async (r) => {
  if (r.options.secret === undefined) return undefined;
  const { Webhook } = await import(name);
  const signature = new Webhook(r.options.secret).sign("msg_1", new Date(now * 1000), r.body);
  const headers = { [`${kind}-id`]: "msg_1", [`${kind}-timestamp`]: String(now), [`${kind}-signature`]: signature };
  return { headers };
};

export const SIGNS = {
  adyen: ["@adyen/api-library", async (r) => {
    const found = JSON.parse(r.body);
    if (found.notificationItems === undefined) return undefined;
    const { hmacValidator: Validator } = require("@adyen/api-library");
    for (const { NotificationRequestItem: item } of found.notificationItems) {
      delete item.additionalData;
      item.additionalData = { hmacSignature: new Validator().calculateHmac(item, r.options.secret) };
    }
    return { raw: Buffer.from(JSON.stringify(found)) };
  }],
  clerk: ["svix", standard("svix", "svix")],
  contentful: ["@contentful/node-apps-toolkit", async (r) => {
    if (r.options.secret === undefined) return undefined;
    const { signRequest } = require("@contentful/node-apps-toolkit");
    const { pathname, search } = new URL(r.url);
    const named = { "content-type": r.headers["content-type"], "x-contentful-topic": r.headers["x-contentful-topic"] };
    const canonical = { method: r.method, path: pathname + search, headers: named, body: r.body };
    return { headers: { ...named, ...signRequest(r.options.secret, canonical, now * 1000) } };
  }],
  dialpad: ["jsonwebtoken", async (r) => {
    if (r.options.secret === undefined) return undefined;
    const claims = { call_id: 1, state: "hangup", event_timestamp: now * 1000 };
    return { raw: Buffer.from(require("jsonwebtoken").sign(claims, r.options.secret)) };
  }],
  github: ["@octokit/webhooks-methods", async (r) => {
    const { sign } = await import("@octokit/webhooks-methods");
    return { headers: { "x-hub-signature-256": await sign(r.options.secret, r.body) } };
  }],
  gong: ["jsonwebtoken", async (r) => {
    if (r.options.public_key === undefined) return undefined;
    const claims = { iat: now, exp: now + 60, webhook_url: r.url, body_sha256: sha256(r) };
    const signed = require("jsonwebtoken").sign(claims, rsa.private, { algorithm: "RS256" });
    return { headers: { authorization: `Bearer ${signed}` }, options: { public_key: rsa.public } };
  }],
  jira: ["atlassian-jwt", async (r) => {
    if (r.options.client_secret === undefined) return undefined;
    const atlassian = require("atlassian-jwt");
    const qsh = atlassian.createQueryStringHash(atlassian.fromMethodAndUrl(r.method, r.url));
    const claims = { iss: "client-key", iat: now, exp: now + 180, qsh };
    return { headers: { authorization: `Bearer ${atlassian.encodeSymmetric(claims, r.options.client_secret)}` } };
  }],
  monday: ["jsonwebtoken", token("authorization", (r) => ({ aud: r.url, accountId: 1 }))],
  netlify: ["jsonwebtoken", token("x-webhook-signature", (r) => ({ iss: "netlify", sha256: sha256(r) }))],
  plaid: ["jose", async (r) => {
    const { SignJWT, exportJWK, generateKeyPair } = await import("jose");
    const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
    const signing = new SignJWT({ request_body_sha256: sha256(r) }).setIssuedAt(now);
    const signed = await signing.setProtectedHeader({ alg: "ES256", kid: "2", typ: "JWT" }).sign(privateKey);
    const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: "2", alg: "ES256", use: "sig" }] };
    return { headers: { "plaid-verification": signed }, options: { jwks } };
  }],
  sanity: ["@sanity/webhook", async (r) => {
    const { encodeSignatureHeader } = require("@sanity/webhook");
    const value = await encodeSignatureHeader(r.body, now * 1000, r.options.secret);
    return { headers: { "sanity-webhook-signature": value } };
  }],
  "standard-webhooks": ["standardwebhooks", standard("standardwebhooks", "webhook")],
  svix: ["tweetnacl", async (r) => {
    if (r.options.public_key === undefined) return undefined;
    const nacl = require("tweetnacl");
    const keys = nacl.sign.keyPair();
    const text = Buffer.concat([Buffer.from(`msg_1.${now}.`), r.raw]);
    const signature = Buffer.from(nacl.sign.detached(text, keys.secretKey)).toString("base64");
    const headers = { "svix-id": "msg_1", "svix-timestamp": String(now), "svix-signature": `v1a,${signature}` };
    return { headers, options: { public_key: `whpk_${Buffer.from(keys.publicKey).toString("base64")}` } };
  }],
  twilio: ["twilio", async (r) => {
    const settings = r.headers["x-twilio-webhooks-signature-settings"];
    if (r.headers["x-twilio-signature"] === undefined || settings !== undefined) return undefined;
    const isForm = r.headers["content-type"]?.includes("form");
    const fields = isForm ? Object.fromEntries(new URLSearchParams(r.body)) : {};
    const signature = require("twilio").getExpectedTwilioSignature(r.options.secret, r.url, fields);
    return { headers: { "x-twilio-signature": signature } };
  }],
  vonage: ["jsonwebtoken", token("authorization", (r) => ({ payload_hash: sha256(r) }), (text) => `Bearer ${text}`)],
};
