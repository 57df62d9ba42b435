import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { GraphiQL } from "graphiql";
import "graphiql/style.css";
import { createRoot } from "react-dom/client";
import "./page.css";

const endpoint = document.baseURI.replace(/\/$/, "");
const given = new URLSearchParams(window.location.search);

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
    initialQuery={given.get("query") ?? undefined}
    initialVariables={given.get("variables") ?? undefined}
  />,
);
