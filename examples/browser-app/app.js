// Signs a user in by OAuth's code flow with PKCE (RFC 7636), and keeps a note of the user.
const server = "http://localhost:8000"; // also its issuer
const clientID = "app-notes", home = location.origin + "/"; // as they are registered
const note = "/v1/storage/files/note.txt?tier=user";
let tokens; // in memory alone: they are gone with the page

const base64url = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));
const find = (id) => document.getElementById(id);

async function call(path, options) {
  const answer = await fetch(server + path, { ...options, headers: tokens && { Authorization: "Bearer " + tokens.access_token } });
  if (!answer.ok) throw new Error(`${path} answers ${answer.status}: ${await answer.text()}`);
  return answer.text();
}

async function signIn() {
  const state = random(), verifier = random();
  sessionStorage.setItem(state, verifier);
  const challenge = base64url(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier)));
  location = server + "/oauth/authorize?" + new URLSearchParams({
    response_type: "code", client_id: clientID, redirect_uri: home, scope: "storage.user.read storage.user.write",
    state, code_challenge: challenge, code_challenge_method: "S256" });
}

async function comeBack(answer) {
  const code_verifier = sessionStorage.getItem(answer.get("state"));
  sessionStorage.clear();
  history.replaceState(null, "", home); // takes the code out of the address bar
  if (!code_verifier || answer.get("iss") !== server) throw new Error("this answer is not for this page");
  if (answer.has("error")) throw new Error(answer.get("error_description"));
  tokens = JSON.parse(await call("/v1/oauth/token", { method: "POST", body: new URLSearchParams({
    grant_type: "authorization_code", client_id: clientID, redirect_uri: home, code: answer.get("code"), code_verifier }) }));
  find("notes").hidden = !(find("sign-in").hidden = true);
  return "You are signed in.";
}

async function store() {
  await call(note, { method: "PUT", body: find("note").value });
  return "The server has stored: " + await call(note);
}

async function signOut() {
  const token = tokens.refresh_token;
  tokens = undefined;
  await call("/v1/oauth/revoke", { method: "POST", body: new URLSearchParams({ client_id: clientID, token }) });
  location = server + "/login"; // where the user can sign out of the server, too
}

const run = async (action) => { find("status").textContent = await action().catch((error) => "Error: " + error.message) ?? ""; };
for (const [id, action] of Object.entries({ "sign-in": signIn, store, "sign-out": signOut })) find(id).onclick = () => run(action);
const answer = new URLSearchParams(location.search);
if (answer.has("state")) run(() => comeBack(answer));
