// Queries, mutates and subscribes with the protocols' own clients; prints what they got as one JSON object.
import { createClient as createSse } from "graphql-sse";
import { createClient as createWebSocket } from "graphql-ws";
import WebSocket from "ws";

const [, , url, websocketUrl] = process.argv;
const clients = {
  websocket: createWebSocket({ url: websocketUrl, webSocketImpl: WebSocket, retryAttempts: 0 }),
  sse: createSse({ url, retryAttempts: 0 }),
};
const operations = {
  query: "{ hello }",
  mutation: 'mutation { write(name: "x") }',
  subscription: "subscription { ticks(count: 3) }",
};

const found = {};
for (const [transport, client] of Object.entries(clients)) {
  found[transport] = {};
  for (const [kind, query] of Object.entries(operations)) {
    found[transport][kind] = [];
    for await (const answer of client.iterate({ query })) found[transport][kind].push(answer.data);
  }
  await client.dispose();
}
console.log(JSON.stringify(found));
