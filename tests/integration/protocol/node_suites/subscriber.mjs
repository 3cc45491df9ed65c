// A client of graphql-ws or graphql-sse: it does what each line of its input says, and prints a line for all that happens.
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { createClient as overEvents } from "graphql-sse";
import { createClient as overWebSocket } from "graphql-ws";

const [kind, address] = process.argv.slice(2);
const tell = (line) => console.log(JSON.stringify(line));
const soon = () => setTimeout(50);
let token;

const clients = {
  ws: () =>
    overWebSocket({
      url: `ws://${address}`,
      connectionParams: () => ({ authorization: `Bearer ${token}` }),
      shouldRetry: () => true,
      retryAttempts: Infinity,
      retryWait: soon,
      on: { connected: () => tell({ let_in: true }), closed: ({ code }) => tell({ ended: code }) },
    }),
  sse: () =>
    overEvents({
      url: `http://${address}`,
      headers: () => ({ authorization: `Bearer ${token}` }),
      retryAttempts: Infinity,
      retry: soon,
      fetchFn: async (...request) => {
        const answer = await fetch(...request);
        tell(answer.ok ? { let_in: true } : { ended: answer.status });
        return answer;
      },
    }),
};
const client = clients[kind]();
const cancel = new Map();

const commands = {
  token: (given) => (token = given),
  subscribe: ({ id, ...operation }) =>
    cancel.set(
      id,
      client.subscribe(operation, {
        next: ({ data, errors }) => tell({ next: id, data, errors }),
        complete: () => tell({ complete: id }),
        error: (error) => tell({ error: id, said: error.message ?? error }),
      }),
    ),
  complete: (id) => cancel.get(id)(),
  dispose: () => client.dispose(),
};

for await (const line of createInterface({ input: process.stdin })) {
  for (const [name, value] of Object.entries(JSON.parse(line))) commands[name](value);
}
client.dispose();
