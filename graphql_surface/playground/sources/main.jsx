import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { GraphiQL } from "graphiql";
import "graphiql/style.css";
import { createRoot } from "react-dom/client";
import "./page.css";

const endpoint = document.baseURI.replace(/\/$/, "");
const given = new URLSearchParams(window.location.search);

// GraphiQL's dialogs write a style element of their own: they look here for the nonce that lets them.
globalThis.__webpack_nonce__ = document.querySelector("link[rel=stylesheet]").nonce;

const fetcher = createGraphiQLFetcher({
  url: endpoint,
  // What the headers editor holds is sent as the payload of connection_init.
  subscriptionUrl: endpoint.replace(/^http/, "ws"),
});

const welcome = `# Write a query, a mutation or a subscription and press Ctrl-Enter.
# Ctrl-Space completes; the book on the left has every type.
# Credentials go into Headers below, as {"Authorization": "Bearer …"}.

`;

createRoot(document.getElementById("playground")).render(
  <GraphiQL
    fetcher={fetcher}
    defaultQuery={welcome}
    query={given.get("query") ?? undefined}
    variables={given.get("variables") ?? undefined}
  />,
);
