// An OpenID provider with one client: whoever signs in is called as he says. It takes its address and the client's
// way back, and tells when it is ready.
import Provider from "oidc-provider";

const [issuer, wayBack] = process.argv.slice(2);

const provider = new Provider(issuer, {
  clients: [{ client_id: "quotaloom", client_secret: "a secret of the test", redirect_uris: [wayBack] }],
  cookies: { keys: ["of the test"] },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  pkce: { required: () => true },
});

provider.listen(new URL(issuer).port, "127.0.0.1", () => console.log("ready"));
