// Types of the whole schema and of the documents of operations.graphql, written to the folder given.
export default {
  schema: process.env.SCHEMA,
  documents: ["operations.graphql"],
  generates: {
    [`${process.env.OUT}/types.ts`]: { plugins: ["typescript", "typescript-operations"] },
  },
};
