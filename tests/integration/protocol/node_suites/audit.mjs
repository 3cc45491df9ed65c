// Runs the server audits of graphql-http against the address given, and prints what each found, as JSON.
import { auditServer } from "graphql-http";

const [url] = process.argv.slice(2);
const results = await auditServer({ url });
const found = [];
for (const one of results) {
  const said = one.status === "ok" ? null : `${one.reason}: ${await one.response.text()}`;
  found.push({ id: one.id, name: one.name, status: one.status, said });
}
console.log(JSON.stringify(found));
