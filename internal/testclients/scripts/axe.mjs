// Each page, held against the rules of axe-core, at two widths, of which one is in light
// and one in dark colours.
import assert from "node:assert/strict";
import axe from "axe-core";
import { authorizeURL, heading, launch, newPage, press } from "./chromium.mjs";
import { config, run, step } from "./script.mjs";

const { server, home, invite, pending, email, password } = config;
const narrow = "storage.user.read", wide = "storage.user.read storage.user.write";

async function check(page, name) {
  await page.evaluate(axe.source);
  for (const [width, colorScheme] of [[390, "light"], [1280, "dark"]]) {
    await page.setViewportSize({ width, height: 844 });
    await page.emulateMedia({ colorScheme });
    const found = await page.evaluate(() => axe.run(document, { resultTypes: ["violations", "incomplete"] }));
    const problems = [...found.violations, ...found.incomplete].map((p) => [p.id, p.help, ...p.nodes.map((n) => n.html)]);
    assert.deepEqual(problems, [], `${name} at ${width}, ${colorScheme}`);
    assert.ok(found.passes.length > 5, "axe has looked at nothing");
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    assert.ok(!overflow, `${name} is wider than ${width}`);
  }
  step(name);
}

async function signIn(page, secret) {
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password").fill(secret);
  await press(page, "Sign in");
}

run(async () => {
  const browser = await launch();
  try {
    const page = await newPage(browser);
    await page.goto(invite);
    await page.getByLabel("New password").fill("short");
    await press(page, "Set password and sign in");
    await page.getByRole("alert").waitFor();
    await check(page, "invitation with an error");
    await page.getByLabel("New password").fill(password);
    await press(page, "Set password and sign in");
    await heading(page, "You are signed in");
    await check(page, "signed in");
    await press(page, "Sign out");
    await heading(page, "You are signed out");
    await check(page, "signed out");

    await page.goto(pending);
    await check(page, "invitation");
    await page.goto(invite); // used
    await check(page, "invitation that was used");
    await page.goto(server + "/login");
    await check(page, "sign-in");
    await page.goto(await authorizeURL("app-notes", narrow));
    await check(page, "sign-in for an app");
    await signIn(page, "wrong " + password);
    await page.getByRole("alert").waitFor();
    await check(page, "sign-in with an error");
    await signIn(page, password);
    await heading(page, "Allow “Notes”?");
    await check(page, "consent");
    await press(page, "Allow");
    await page.waitForURL(home + "?**");

    await page.goto(await authorizeURL("app-notes", wide));
    await page.getByText("(new)").waitFor();
    await check(page, "consent to more");
    await page.goto(await authorizeURL("app-nobody", narrow));
    await page.getByRole("alert").waitFor();
    await check(page, "unknown app");
    await page.goto(home);
    await check(page, "the app, signed out");
    await press(page, "Sign in");
    await press(page, "Allow");
    await page.getByRole("status").filter({ hasText: "You are signed in." }).waitFor();
    await check(page, "the app, signed in");
    await page.evaluate(() => document.documentElement.removeAttribute("lang"));
    await assert.rejects(check(page, "a page without a language"), /html-has-lang/);
  } finally {
    await browser.close();
  }
});
