// Runs the GraphQL-over-HTTP audits against the server at argv[2]; prints one JSON line an audit.
import { auditServer } from "graphql-http";

for (const { id, name, status, reason } of await auditServer({ url: process.argv[2] })) {
  console.log(JSON.stringify({ id, name, status, reason }));
}
