// A user of examples/browser-app, in Chromium.
import assert from "node:assert/strict";
import { authorizeURL, heading, launch, newPage, press } from "./chromium.mjs";
import { config, run, step } from "./script.mjs";

const { server, home, invite, email, password } = config;

// The user at the pages, with a mouse.
async function withMouse(browser) {
  const page = await newPage(browser);
  const problems = [];
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  const status = (text) => page.getByRole("status").filter({ hasText: text }).waitFor();

  await page.goto(invite);
  await page.getByLabel("New password").fill(password);
  await press(page, "Set password and sign in");
  await heading(page, "You are signed in");
  step("the invitation sets a password, and signs in");

  await page.goto(home);
  await status("You are not signed in.");
  await press(page, "Sign in");
  await heading(page, "Allow “Notes”?");
  await page.getByText(email).waitFor();
  await press(page, "Deny");
  await status("Error: ");
  step("the user denies");

  await press(page, "Sign in");
  await press(page, "Allow");
  await status("You are signed in.");
  assert.equal(page.url(), home);
  step("the user allows, and comes back");

  await page.getByLabel("Your note").fill("a note of Ann");
  await press(page, "Store");
  await status("The server has stored: a note of Ann");
  step("the app stores a file of the user");

  await press(page, "Sign out");
  await heading(page, "You are signed in");
  await press(page, "Sign out");
  await heading(page, "You are signed out");
  step("the user signs out");

  await page.goto(home);
  await press(page, "Sign in");
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password").fill(password);
  await press(page, "Sign in");
  await press(page, "Allow");
  await status("You are signed in.");
  step("the user signs in with the password");

  await page.goto(home + "?code=x&state=x&iss=" + encodeURIComponent(server));
  await status("Error: this answer is not for this page");
  step("the app takes no answer that it has not asked for");
  assert.deepEqual(problems, []);
}

// The user without scripts, who has a keyboard alone.
async function withKeyboard(browser) {
  const page = await newPage(browser, { javaScriptEnabled: false });
  const focused = page.locator(":focus");
  // tabTo goes on until an element has the focus, and sees that the focus shows.
  async function tabTo(element) {
    for (let presses = 0; presses < 20; presses++) {
      await page.keyboard.press("Tab");
      if (await focused.count() && await element.and(focused).count()) {
        assert.equal(await focused.evaluate((e) => getComputedStyle(e).outlineStyle), "solid");
        return;
      }
    }
    assert.fail("Tab does not reach the element");
  }
  const button = (name) => page.getByRole("button", { name, exact: true });

  await page.goto(await authorizeURL("app-notes", "storage.user.read"));
  await tabTo(page.getByLabel("E-mail address"));
  await page.keyboard.type(email);
  await tabTo(page.getByLabel("Password"));
  await page.keyboard.type("wrong " + password);
  await page.keyboard.press("Enter");
  await page.getByRole("alert").waitFor();
  await tabTo(page.getByLabel("Password"));
  await page.keyboard.type(password);
  await tabTo(button("Sign in"));
  await page.keyboard.press("Enter");
  await heading(page, "Allow “Notes”?");
  await tabTo(button("Deny"));
  await page.keyboard.press("Shift+Tab");
  assert.ok(await button("Allow").and(focused).count());
  await page.keyboard.press("Enter");
  await page.waitForURL(home + "?**");
  const answer = new URL(page.url()).searchParams;
  assert.ok(answer.get("code") && answer.get("state") === "state 1" && answer.get("iss") === server);
  step("without scripts and by keyboard alone the user signs in and allows");

  await page.goto(server + "/login");
  await tabTo(button("Sign out"));
  await page.keyboard.press("Space");
  await heading(page, "You are signed out");
  step("without scripts and by keyboard alone the user signs out");
}

run(async () => {
  const browser = await launch();
  try {
    await withMouse(browser);
    await withKeyboard(browser);
  } finally {
    await browser.close();
  }
});
