// Every flow, with the npm package oauth4webapi.
import assert from "node:assert/strict";
import * as oauth from "oauth4webapi";
import { config, run, step, visit } from "./script.mjs";

const { server, redirect, apps } = config;
const scope = "storage.user.read storage.user.write";
const exchange = "urn:ietf:params:oauth:grant-type:token-exchange";
const accessToken = "urn:ietf:params:oauth:token-type:access_token";
const insecure = { [oauth.allowInsecureRequests]: true }; // for http to this machine
let as; // what the server says of itself

// refused asserts that the server refuses a grant.
const refused = (promise, error) => assert.rejects(promise, (e) => e.error === error || assert.fail(e));

async function privateKey() {
  const { kid } = apps.web.key;
  const key = await crypto.subtle.importKey("jwk", apps.web.key, { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
  return oauth.PrivateKeyJwt({ key, kid });
}

// caller makes calls as one app.
function caller(app, authentication) {
  const client = { client_id: app.id };
  return {
    client,
    async clientCredentials(parameters) {
      const answer = await oauth.clientCredentialsGrantRequest(as, client, authentication, new URLSearchParams(parameters), insecure);
      return oauth.processClientCredentialsResponse(as, client, answer);
    },
    async introspect(token) {
      return oauth.processIntrospectionResponse(as, client, await oauth.introspectionRequest(as, client, authentication, token, insecure));
    },
    async revoke(token) {
      return oauth.processRevocationResponse(await oauth.revocationRequest(as, client, authentication, token, insecure));
    },
    async code(parameters, verifier) {
      const answer = await oauth.authorizationCodeGrantRequest(as, client, authentication, parameters, redirect, verifier, insecure);
      return oauth.processAuthorizationCodeResponse(as, client, answer);
    },
    async refresh(token, more) {
      const answer = await oauth.refreshTokenGrantRequest(as, client, authentication, token, { ...insecure, additionalParameters: more });
      return oauth.processRefreshTokenResponse(as, client, answer);
    },
    async exchange(parameters) {
      const answer = await oauth.genericTokenEndpointRequest(as, client, authentication, exchange, new URLSearchParams(parameters), insecure);
      return oauth.processGenericTokenEndpointResponse(as, client, answer);
    },
  };
}

async function clientCredentials(name, app, authentication) {
  const calls = caller(app, authentication);
  const tokens = await calls.clientCredentials({ scope: "storage.private.read" });
  assert.equal(tokens.scope, "storage.private.read");
  assert.ok((await calls.introspect(tokens.access_token)).active);
  await calls.revoke(tokens.access_token);
  assert.deepEqual(await calls.introspect(tokens.access_token), { active: false });
  step(`client credentials, introspection and revocation with ${name}`);
}

async function begin(app, more) {
  const verifier = oauth.generateRandomCodeVerifier(), state = oauth.generateRandomState();
  const address = new URL(as.authorization_endpoint);
  address.search = new URLSearchParams({
    client_id: app.id, redirect_uri: redirect, response_type: "code", scope, state, code_challenge_method: "S256",
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier), ...more,
  });
  return { answer: await visit(address), verifier, state };
}

async function signIn(app, calls) {
  const { answer, verifier, state } = await begin(app);
  return calls.code(oauth.validateAuthResponse(as, calls.client, answer, state), verifier);
}

async function userFlows(name, app, authentication) {
  const calls = caller(app, authentication);
  const { answer, verifier, state } = await begin(app);
  for (const issuer of ["https://other.example", ""]) { // RFC 9207
    const other = new URL(answer);
    other.searchParams.set("iss", issuer);
    if (!issuer) other.searchParams.delete("iss");
    assert.throws(() => oauth.validateAuthResponse(as, calls.client, other, state), /"iss"/);
  }
  const first = await calls.code(oauth.validateAuthResponse(as, calls.client, answer, state), verifier);
  assert.equal(first.scope, scope);
  const stored = await oauth.protectedResourceRequest(first.access_token, "GET", new URL(server + "/v1/storage/files?tier=user"), undefined, undefined, insecure);
  assert.equal(stored.status, 200);
  step(`code with PKCE and iss with ${name}`);

  const second = await calls.refresh(first.refresh_token);
  const third = await calls.refresh(second.refresh_token, { scope: "storage.user.read" });
  assert.equal(third.scope, "storage.user.read");
  await refused(calls.refresh(first.refresh_token), "invalid_grant");
  await refused(calls.refresh(third.refresh_token), "invalid_grant");
  step(`refresh with rotation, and an old one ends all, with ${name}`);

  const tokens = await signIn(app, calls);
  await calls.revoke(tokens.refresh_token);
  await refused(calls.refresh(tokens.refresh_token), "invalid_grant");
  step(`revocation of a refresh token with ${name}`);

  const no = await begin(app, { prompt: "none" });
  assert.throws(() => oauth.validateAuthResponse(as, calls.client, no.answer, no.state), (e) => e.error === "consent_required" || assert.fail(e));
  step(`an error as the answer with ${name}`);
}

// The access token is one by RFC 9068, which the library checks as an API would.
async function tokenExchange(app, authentication) {
  const calls = caller(app, authentication);
  const tokens = await signIn(app, calls);
  const less = await calls.exchange({ subject_token: tokens.access_token, subject_token_type: accessToken, scope: "storage.user.read" });
  assert.equal(less.issued_token_type, accessToken);
  const request = new Request(server, { headers: { Authorization: "Bearer " + less.access_token } });
  const claims = await oauth.validateJwtAccessToken(as, request, server, insecure);
  assert.equal(claims.scope, "storage.user.read");
  assert.equal(claims.client_id, app.id);
  assert.equal(claims.sub, (await calls.introspect(tokens.access_token)).sub);
  step("token exchange");
}

run(async () => {
  const { service, web, browser } = apps;
  const issuer = new URL(server);
  as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { algorithm: "oauth2", ...insecure }));
  await clientCredentials("client_secret_basic", service, oauth.ClientSecretBasic(service.secret));
  await clientCredentials("client_secret_post", service, oauth.ClientSecretPost(service.secret));
  await clientCredentials("private_key_jwt", web, await privateKey());
  await userFlows("no secret", browser, oauth.None());
  await userFlows("client_secret_basic", web, oauth.ClientSecretBasic(web.secret));
  await userFlows("private_key_jwt", web, await privateKey());
  await tokenExchange(web, oauth.ClientSecretPost(web.secret));
});
