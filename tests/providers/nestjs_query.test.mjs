// @refinedev/nestjs-query, as it is on npm, against a running server: it writes its documents itself.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, before, describe, it } from "node:test";

import { createClient } from "graphql-ws";
import WebSocket from "ws";

import { jobs, operators, titles } from "./jobs.mjs";

// Its ES modules are for bundlers: Node does not find `lodash/set` from them.
const { default: dataProvider, GraphQLClient, liveProvider } = createRequire(import.meta.url)("@refinedev/nestjs-query");

const { GRAPHQL_URL, GRAPHQL_WS_URL } = process.env;

const provider = dataProvider(new GraphQLClient(GRAPHQL_URL));
const socket = createClient({ url: GRAPHQL_WS_URL, webSocketImpl: WebSocket });
const meta = { fields: ["id", "title"] };
const list = (more = {}) => provider.getList({ resource: "jobs", meta, pagination: { mode: "off" }, ...more });

describe("@refinedev/nestjs-query", () => {
  let ids;

  before(async () => {
    const made = await provider.createMany({ resource: "jobs", variables: jobs, meta });
    ids = made.data.map((row) => row.id);
  });

  after(async () => {
    const { data } = await list();
    await provider.deleteMany({ resource: "jobs", ids: data.map((row) => row.id) });
    assert.equal((await list()).total, 0);
    await socket.dispose();
  });

  for (const [field, operator, value, expected] of operators) {
    it(`getList: ${field} ${operator} ${JSON.stringify(value)}`, async () => {
      const { data, total } = await list({ filters: [{ field, operator, value }] });
      assert.deepEqual(titles(data), [...expected].sort());
      assert.equal(total, expected.length);
    });
  }

  it("getList pages and sorts", async () => {
    const { data, total } = await list({
      pagination: { mode: "server", currentPage: 1, pageSize: 2 },
      sorters: [{ field: "salaryMin", order: "desc" }],
    });
    assert.deepEqual(data.map((row) => row.title), ["50% baker", "Bus driver"]);
    assert.equal(total, jobs.length);
  });

  it("getMany, getOne", async () => {
    assert.equal((await provider.getMany({ resource: "jobs", ids, meta })).data.length, ids.length);
    const { data } = await provider.getOne({ resource: "jobs", id: ids[0], meta });
    assert.deepEqual(data, { id: ids[0], title: "Train driver" });
  });

  it("create, update, updateMany, deleteOne", async () => {
    const made = await provider.create({ resource: "jobs", variables: { title: "Cook", company: "Inn" }, meta });
    const id = made.data.id;
    const changed = await provider.update({ resource: "jobs", id, variables: { title: "Chef" }, meta });
    assert.equal(changed.data.title, "Chef");
    const many = await provider.updateMany({ resource: "jobs", ids: [id], variables: { title: "Boss" }, meta });
    assert.deepEqual(many.data, [{ id, title: "Boss" }]);
    assert.equal((await provider.deleteOne({ resource: "jobs", id, meta })).data.id, id);
  });

  it("custom gets a query and posts a mutation", async () => {
    const id = { value: ids[0], type: "ID", required: true };
    const query = { operation: "job", variables: { id }, fields: ["title"] };
    assert.deepEqual((await provider.custom({ url: GRAPHQL_URL, method: "get", meta: query })).data, {
      title: "Train driver",
    });
    const input = { value: { name: "x", value: 1 }, type: "CreateItemInput", required: true };
    const mutation = { operation: "createItem", variables: { input }, fields: [{ taskRun: ["status"] }] };
    assert.deepEqual((await provider.custom({ url: GRAPHQL_URL, method: "post", meta: mutation })).data, {
      taskRun: { status: "SUCCESS" },
    });
  });

  it("the live provider tells of a created, an updated and a deleted document", async () => {
    const live = liveProvider(socket);
    const seen = [];
    const stop = live.subscribe({
      channel: "resources/jobs", types: ["*"], callback: (event) => seen.push(event),
      params: { resource: "jobs", subscriptionType: "useList" }, meta,
    });
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const made = await provider.create({ resource: "jobs", variables: { title: "Pilot", company: "Air" }, meta });
    const id = made.data.id;
    await provider.update({ resource: "jobs", id, variables: { title: "Captain" }, meta });
    await provider.deleteOne({ resource: "jobs", id, meta });
    for (let waited = 0; seen.length < 3 && waited < 100; waited++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    live.unsubscribe(stop);
    assert.equal(seen.length, 3);
    assert.deepEqual(seen.slice(0, 2), [{ id, title: "Pilot" }, { id, title: "Captain" }]);
    assert.equal(seen[2].id, id);
  });
});
