// A Chromium that reaches this machine alone, and the authorization requests that it opens.
import { chromium } from "playwright-core";
import { calculatePKCECodeChallenge, generateRandomCodeVerifier } from "oauth4webapi";
import { config } from "./script.mjs";

export const launch = () => chromium.launch({
  executablePath: config.chromium,
  args: ["--no-sandbox", "--no-proxy-server", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"],
});

// newPage opens a page in a new profile. Its limit is for slow machines.
export async function newPage(browser, options) {
  const page = await browser.newPage(options);
  page.setDefaultTimeout(120_000);
  return page;
}

export async function authorizeURL(app, scope, more) {
  return config.server + "/oauth/authorize?" + new URLSearchParams({
    client_id: app, redirect_uri: config.home, response_type: "code", scope, state: "state 1", code_challenge_method: "S256",
    code_challenge: await calculatePKCECodeChallenge(generateRandomCodeVerifier()), ...more,
  });
}

export const heading = (page, name) => page.getByRole("heading", { level: 1, name }).waitFor();
export const press = (page, name) => page.getByRole("button", { name, exact: true }).click();
