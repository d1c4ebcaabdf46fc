// Gets in as a web client does: it registers itself, sends its user to the consent page with a proof key
// (RFC 7636), and turns the code into a token, which it gives back at the end.
//
// Usage: node login.mjs ADDRESS; prints the page to open, reads the code from its input, prints what it was
// shown, as one JSON object.
import { createHash, randomBytes } from "node:crypto";
import { createRequire } from "node:module";
import { createInterface } from "node:readline/promises";

const { createOAuthAPIClient, createRestAPIClient } = createRequire(import.meta.url)("masto");
const [url] = process.argv.slice(2);
const [redirectUri, scope] = ["http://127.0.0.1/callback?of=me", "read write follow push"];
const app = await createRestAPIClient({ url }).v1.apps.create({
  clientName: "Web client",
  redirectUris: redirectUri,
  scopes: scope,
  website: "https://client.example",
});
const { clientId, clientSecret } = app;
const codeVerifier = randomBytes(32).toString("base64url");
const asked = new URLSearchParams({
  response_type: "code",
  client_id: clientId,
  redirect_uri: redirectUri,
  scope,
  state: "a state & more",
  code_challenge: createHash("sha256").update(codeVerifier).digest("base64url"),
  code_challenge_method: "S256",
});
console.log(`${url}/oauth/authorize?${asked}`);
const code = await createInterface({ input: process.stdin }).question("");

const oauth = createOAuthAPIClient({ url });
const sent = { grantType: "authorization_code", clientId, clientSecret, redirectUri, scope, code };
const shown = { app: app.name };
shown.withoutProof = await oauth.token.create(sent).catch((error) => error.statusCode);
const token = await oauth.token.create({ ...sent, codeVerifier });
const { v1 } = createRestAPIClient({ url, accessToken: token.accessToken });
shown.token = [token.tokenType, token.scope];
shown.me = (await v1.accounts.verifyCredentials()).acct;
shown.verified = (await v1.apps.verifyCredentials()).name;
await oauth.revoke({ clientId, clientSecret, token: token.accessToken });
shown.revoked = await v1.accounts.verifyCredentials().catch((error) => error.statusCode);
console.log(JSON.stringify(shown));
process.exit(0);
