// @refinedev/graphql, as it is on npm, against a running server.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, before, describe, it } from "node:test";

import { Client, fetchExchange, gql } from "@urql/core";
import { createClient } from "graphql-ws";
import WebSocket from "ws";

import { jobs, operators, titles } from "./jobs.mjs";

// Its ES modules are for bundlers: Node does not find `lodash/set` from them.
const { default: createDataProvider, createLiveProvider } = createRequire(import.meta.url)("@refinedev/graphql");

const { GRAPHQL_URL, GRAPHQL_WS_URL } = process.env;

const client = new Client({ url: GRAPHQL_URL, exchanges: [fetchExchange], preferGetMethod: false });
const provider = createDataProvider(client);
const socket = createClient({ url: GRAPHQL_WS_URL, webSocketImpl: WebSocket });

const LIST = gql`
  query JobsList($filter: JobFilter!, $paging: OffsetPaging!, $sorting: [JobSort!]!) {
    jobs(filter: $filter, paging: $paging, sorting: $sorting) { nodes { id title } totalCount }
  }`;
const MANY = gql`query JobsMany($filter: JobFilter!) { jobs(filter: $filter) { nodes { id title } } }`;
const ONE = gql`query JobOne($id: ID!) { job(id: $id) { id title company address { city } } }`;
const CREATE = gql`mutation ($input: CreateOneJobInput!) { createOneJob(input: $input) { id title status } }`;
const CREATE_MANY = gql`mutation ($input: CreateManyJobsInput!) { createManyJobs(input: $input) { id title } }`;
const UPDATE = gql`mutation ($input: UpdateOneJobInput!) { updateOneJob(input: $input) { id title company } }`;
const UPDATE_MANY = gql`mutation ($input: UpdateManyJobsInput!) { updateManyJobs(input: $input) { updatedCount } }`;
const DELETE = gql`mutation ($input: DeleteOneJobInput!) { deleteOneJob(input: $input) { id } }`;
const DELETE_MANY = gql`mutation ($input: DeleteManyJobsInput!) { deleteManyJobs(input: $input) { deletedCount } }`;

const list = (more = {}) =>
  provider.getList({ resource: "jobs", meta: { gqlQuery: LIST }, pagination: { mode: "off" }, ...more });

describe("@refinedev/graphql", () => {
  let ids;

  before(async () => {
    const made = await provider.createMany({ resource: "jobs", variables: jobs, meta: { gqlMutation: CREATE_MANY } });
    ids = made.data.map((row) => row.id);
  });

  after(async () => {
    const { data } = await list();
    const rest = data.map((row) => row.id);
    await provider.deleteMany({ resource: "jobs", ids: rest, meta: { gqlMutation: DELETE_MANY } });
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

  it("getList: and, or", async () => {
    const either = { operator: "or", value: [{ field: "title", operator: "eq", value: "Baker" }] };
    const both = { operator: "and", value: [{ field: "company", operator: "eq", value: "Mill" }] };
    assert.deepEqual(titles((await list({ filters: [either, both] })).data), ["Baker"]);
  });

  it("getList pages and sorts", async () => {
    const { data, total } = await list({
      pagination: { mode: "server", currentPage: 2, pageSize: 2 },
      sorters: [{ field: "salaryMin", order: "desc" }],
    });
    assert.deepEqual(data.map((row) => row.title), ["Baker", "train planner"]);
    assert.equal(total, jobs.length);
  });

  it("getMany returns every id that is asked for", async () => {
    const { data } = await provider.getMany({ resource: "jobs", ids, meta: { gqlQuery: MANY } });
    assert.equal(data.length, ids.length);
  });

  it("getOne, also from the mutation of a form", async () => {
    const { data } = await provider.getOne({ resource: "jobs", id: ids[0], meta: { gqlQuery: ONE } });
    assert.deepEqual(data, {
      id: ids[0], title: "Train driver", company: "Rail", address: { city: "Bonn" },
    });
    const form = await provider.getOne({ resource: "jobs", id: ids[0], meta: { gqlMutation: UPDATE } });
    assert.equal(form.data.company, "Rail");
  });

  it("create, update, deleteOne", async () => {
    const made = await provider.create({
      resource: "jobs", variables: { title: "Cook", company: "Inn", status: "MATCHED" }, meta: { gqlMutation: CREATE },
    });
    assert.equal(made.data.status, "MATCHED");
    const id = made.data.id;
    const changed = await provider.update({
      resource: "jobs", id, variables: { title: "Chef" }, meta: { gqlMutation: UPDATE },
    });
    assert.deepEqual([changed.data.title, changed.data.company], ["Chef", "Inn"]);
    const gone = await provider.deleteOne({ resource: "jobs", id, meta: { gqlMutation: DELETE } });
    assert.equal(gone.data.id, id);
  });

  it("updateMany changes those of the ids", async () => {
    await provider.updateMany({
      resource: "jobs", ids: ids.slice(0, 2), variables: { location: "Berlin" }, meta: { gqlMutation: UPDATE_MANY },
    });
    const { total } = await list({ filters: [{ field: "location", operator: "eq", value: "Berlin" }] });
    assert.equal(total, 2);
    await provider.updateMany({
      resource: "jobs", ids: ids.slice(0, 2), variables: { location: null }, meta: { gqlMutation: UPDATE_MANY },
    });
  });

  it("custom runs any query and mutation", async () => {
    const query = gql`query ($id: ID!) { job(id: $id) { title } }`;
    const { data } = await provider.custom({
      url: "", method: "post", meta: { gqlQuery: query, variables: { id: ids[0] } },
    });
    assert.equal(data.job.title, "Train driver");
    const mutation = gql`
      mutation ($input: CreateItemInput!) { createItem(input: $input) { taskRun { status } output { __typename } } }`;
    const run = await provider.custom({
      url: "", method: "post", meta: { gqlMutation: mutation }, payload: { input: { name: "x", value: 1 } },
    });
    assert.equal(run.data.createItem.taskRun.status, "SUCCESS");
  });

  it("an error of the server reaches the caller", async () => {
    const wrong = provider.create({ resource: "jobs", variables: { title: "", company: "x" }, meta: { gqlMutation: CREATE } });
    await assert.rejects(wrong, /title/);
  });

  it("the live provider tells of a created, an updated and a deleted document", async () => {
    const live = createLiveProvider(socket);
    const seen = [];
    const stop = live.subscribe({
      channel: "resources/jobs", types: ["*"], callback: (event) => seen.push(event),
      params: { resource: "jobs", subscriptionType: "useList" }, meta: { gqlQuery: LIST },
    });
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const made = await provider.create({
      resource: "jobs", variables: { title: "Pilot", company: "Air" }, meta: { gqlMutation: CREATE },
    });
    const id = made.data.id;
    await provider.update({ resource: "jobs", id, variables: { title: "Captain" }, meta: { gqlMutation: UPDATE } });
    await provider.deleteOne({ resource: "jobs", id, meta: { gqlMutation: DELETE } });
    for (let waited = 0; seen.length < 3 && waited < 100; waited++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    live.unsubscribe(stop);
    assert.deepEqual(seen, [{ id, title: "Pilot" }, { id, title: "Captain" }, { id }]);
  });
});
