// PostGraphile 5 with its Amber preset, set up for production, in one process: node server.mjs
// DATABASE_URL, PORT and COMPANY_ID come from the environment.
import { createServer } from "node:http";
import { grafserv } from "postgraphile/grafserv/node";
import { postgraphile } from "postgraphile";
import { makePgService } from "postgraphile/adaptors/pg";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";

const pgSettings = { role: "quotaloom", "quotaloom.company_id": process.env.COMPANY_ID };

const preset = {
  extends: [PostGraphileAmberPreset],
  // Views have no indexes, though the tables below them do: relations and orders are offered all the same.
  disablePlugins: ["PgIndexBehaviorsPlugin"],
  schema: { defaultBehavior: "+list -connection", pgForbidSetofFunctionsToReturnNull: true },
  pgServices: [
    makePgService({
      connectionString: process.env.DATABASE_URL,
      schemas: ["postgraphile"],
      poolConfig: { max: 10 },
      pgSettings: () => pgSettings,
      pubsub: false,
    }),
  ],
  grafserv: { watch: false, graphiql: false, graphqlOverGET: false, websockets: false, outputDataAsString: true },
  grafast: { explain: false },
};

const serv = postgraphile(preset).createServ(grafserv);
const server = createServer();
await serv.addTo(server);
server.listen(Number(process.env.PORT), "127.0.0.1", () => console.log("ready"));
