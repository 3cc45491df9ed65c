// An OpenID provider with two clients: whoever signs in is called as he says. It takes its address and the way back of
// the first client, makes a key of its own, and tells when it is ready. The second is a page that asks for tokens for
// an API: which of them is told by the resource, `urn:<audience>:<seconds that a token is good>`.
import { generateKeyPairSync, randomUUID } from "node:crypto";

import Provider from "oidc-provider";

const [issuer, wayBack] = process.argv.slice(2);

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

const provider = new Provider(issuer, {
  clients: [
    { client_id: "quotaloom", client_secret: "a secret of the test", redirect_uris: [wayBack] },
    { client_id: "page", token_endpoint_auth_method: "none", redirect_uris: ["https://page.test/back"] },
  ],
  cookies: { keys: ["of the test"] },
  features: {
    resourceIndicators: {
      enabled: true,
      useGrantedResource: () => true,
      getResourceServerInfo: (_, resource) => {
        const [, audience, seconds] = resource.split(":");
        return { scope: "api", audience, accessTokenFormat: "jwt", accessTokenTTL: Number(seconds) };
      },
    },
  },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), alg: "RS256", kid: randomUUID(), use: "sig" }] },
  pkce: { required: () => true },
});

provider.listen(new URL(issuer).port, "127.0.0.1", () => console.log("ready"));
