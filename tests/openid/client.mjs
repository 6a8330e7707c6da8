// A relying party on openid-client: asks for a sign-in, prints the address to open, takes the address that the browser comes
// back to, and prints what it has learned. One JSON object a line.
//
// node client.mjs OPTIONS   (JSON: issuer, client, secret, key, redirect, hint, authentication, mode, state, claims)
import * as client from "openid-client";
import { createInterface } from "node:readline";

const options = JSON.parse(process.argv[2]);
const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

async function authentication() {
  switch (options.authentication) {
    case "basic":
      return client.ClientSecretBasic(options.secret);
    case "key": {
      const algorithm = { name: "ECDSA", namedCurve: "P-256" };
      const key = await crypto.subtle.importKey("jwk", options.key, algorithm, false, ["sign"]);
      return client.PrivateKeyJwt({ key, kid: options.key.kid });
    }
    default:
      return client.ClientSecretPost(options.secret);
  }
}

try {
  const config = await client.discovery(new URL(options.issuer), options.client, undefined, await authentication(), {
    execute: [client.allowInsecureRequests],
  });
  const verifier = client.randomPKCECodeVerifier();
  const nonce = client.randomNonce();
  const state = client.randomState();
  const asked = {
    redirect_uri: options.redirect,
    scope: "openid profile email",
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    nonce,
    state,
    login_hint: options.hint,
    max_age: "60",
    ...options.more,
  };
  say({ address: client.buildAuthorizationUrl(config, asked).href });
  const lines = createInterface({ input: process.stdin });
  const { value: back } = await lines[Symbol.asyncIterator]().next();
  lines.close();
  const { url, form } = JSON.parse(back);
  const answer = form === null ? new URL(url) : new Request(url, { method: "POST", body: new URLSearchParams(form) });
  const tokens = await client.authorizationCodeGrant(config, answer, {
    pkceCodeVerifier: verifier,
    expectedNonce: nonce,
    expectedState: state,
    maxAge: 60,
    idTokenExpected: true,
  });
  const claims = tokens.claims();
  say({ claims, userinfo: await client.fetchUserInfo(config, tokens.access_token, claims.sub) });
} catch (error) {
  say({ error: error.error ?? error.code ?? String(error), cause: String(error.cause ?? error) });
}
