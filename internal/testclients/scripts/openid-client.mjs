// Every flow, with the npm package openid-client.
import assert from "node:assert/strict";
import * as oauth from "openid-client";
import { config, run, step, visit } from "./script.mjs";

const { server, redirect, apps } = config;
const scope = "storage.user.read storage.user.write";
const exchange = "urn:ietf:params:oauth:grant-type:token-exchange";
const accessToken = "urn:ietf:params:oauth:token-type:access_token";

const discover = (app, authentication) =>
  oauth.discovery(new URL(server), app.id, undefined, authentication, { algorithm: "oauth2", execute: [oauth.allowInsecureRequests] });

async function privateKey() {
  const { kid, alg } = apps.web.key;
  const key = await crypto.subtle.importKey("jwk", apps.web.key, { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
  assert.equal(alg, "ES256");
  return oauth.PrivateKeyJwt({ key, kid });
}

// refused asserts that the server refuses a grant.
const refused = (promise, error) => assert.rejects(promise, (e) => e.error === error || assert.fail(e));

async function clientCredentials(name, app, authentication) {
  const client = await discover(app, authentication);
  const tokens = await oauth.clientCredentialsGrant(client, { scope: "storage.private.read" });
  assert.equal(tokens.scope, "storage.private.read");
  assert.equal(tokens.expires_in, 3600);
  const shown = await oauth.tokenIntrospection(client, tokens.access_token);
  assert.ok(shown.active && shown.client_id === app.id && shown.iss === server);
  await oauth.tokenRevocation(client, tokens.access_token);
  assert.deepEqual(await oauth.tokenIntrospection(client, tokens.access_token), { active: false });
  step(`client credentials, introspection and revocation with ${name}`);
}

async function begin(client, more) {
  const pkceCodeVerifier = oauth.randomPKCECodeVerifier(), expectedState = oauth.randomState();
  const address = oauth.buildAuthorizationUrl(client, {
    redirect_uri: redirect, scope, state: expectedState, code_challenge_method: "S256",
    code_challenge: await oauth.calculatePKCECodeChallenge(pkceCodeVerifier), ...more,
  });
  return { answer: await visit(address), checks: { pkceCodeVerifier, expectedState } };
}

async function signIn(client) {
  const { answer, checks } = await begin(client);
  return oauth.authorizationCodeGrant(client, answer, checks);
}

async function userFlows(name, app, authentication) {
  const client = await discover(app, authentication);
  assert.ok(client.serverMetadata().authorization_response_iss_parameter_supported);

  const { answer, checks } = await begin(client);
  for (const issuer of ["https://other.example", ""]) { // RFC 9207
    const other = new URL(answer);
    other.searchParams.set("iss", issuer);
    if (!issuer) other.searchParams.delete("iss");
    await assert.rejects(oauth.authorizationCodeGrant(client, other, checks), (e) => /"iss"/.test(e.cause?.message) || assert.fail(e));
  }
  const first = await oauth.authorizationCodeGrant(client, answer, checks);
  assert.equal(first.scope, scope);
  const stored = await oauth.fetchProtectedResource(client, first.access_token, new URL(server + "/v1/storage/files?tier=user"), "GET");
  assert.equal(stored.status, 200);
  step(`code with PKCE and iss with ${name}`);

  const second = await oauth.refreshTokenGrant(client, first.refresh_token);
  const third = await oauth.refreshTokenGrant(client, second.refresh_token, { scope: "storage.user.read" });
  assert.equal(third.scope, "storage.user.read");
  assert.equal(new Set([first, second, third].map((t) => t.refresh_token)).size, 3);
  await refused(oauth.refreshTokenGrant(client, first.refresh_token), "invalid_grant");
  await refused(oauth.refreshTokenGrant(client, third.refresh_token), "invalid_grant");
  step(`refresh with rotation, and an old one ends all, with ${name}`);

  const tokens = await signIn(client);
  await oauth.tokenRevocation(client, tokens.refresh_token, { token_type_hint: "refresh_token" });
  await refused(oauth.refreshTokenGrant(client, tokens.refresh_token), "invalid_grant");
  step(`revocation of a refresh token with ${name}`);

  const { answer: no, checks: expected } = await begin(client, { prompt: "none" });
  await refused(oauth.authorizationCodeGrant(client, no, expected), "consent_required");
  step(`an error as the answer with ${name}`);
}

async function tokenExchange(app, authentication) {
  const client = await discover(app, authentication);
  const tokens = await signIn(client);
  const less = await oauth.genericGrantRequest(client, exchange, {
    subject_token: tokens.access_token, subject_token_type: accessToken, scope: "storage.user.read",
  });
  assert.equal(less.issued_token_type, accessToken);
  const [had, has] = await Promise.all([tokens, less].map((t) => oauth.tokenIntrospection(client, t.access_token)));
  assert.ok(has.active && has.scope === "storage.user.read" && had.sub === has.sub && has.userId === has.sub);
  step("token exchange");
}

run(async () => {
  const { service, web, browser } = apps;
  await clientCredentials("client_secret_basic", service, oauth.ClientSecretBasic(service.secret));
  await clientCredentials("client_secret_post", service, oauth.ClientSecretPost(service.secret));
  await clientCredentials("private_key_jwt", web, await privateKey());
  await userFlows("no secret", browser, oauth.None());
  await userFlows("client_secret_basic", web, oauth.ClientSecretBasic(web.secret));
  await userFlows("private_key_jwt", web, await privateKey());
  await tokenExchange(web, oauth.ClientSecretPost(web.secret));
});
