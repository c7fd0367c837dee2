// What the Rust side of a client test hands over: a running server and a database with roles.

import { randomUUID } from "node:crypto";
import { setTimeout } from "node:timers/promises";

import pg from "pg";

export const FUNCTION_ARN = "arn:aws:lambda:us-east-1:123456789012:function:postgres-single-user";
const PATIENCE_MS = 120_000;
const PAUSE_MS = 50;
const WRONG_PASSWORD = "28P01";

const database = JSON.parse(process.env.KEYWHEEL_TEST_DATABASE);

/** What a secret of this role holds. */
export function secretValue(role) {
  const { host, port, dbname, roles } = database;
  return { engine: "postgres", host, port, username: role, password: roles[role], dbname };
}

/** Whether an application that fetched this secret gets into its database. */
export async function logsIn(secret) {
  const { host, port, username: user, password, dbname } = secret;
  const client = new pg.Client({ host, port, user, password, database: dbname });
  try {
    await client.connect();
  } catch (error) {
    if (error.code === WRONG_PASSWORD) return false;
    throw error;
  }
  try {
    return (await client.query("SELECT current_user")).rows[0].current_user === user;
  } finally {
    await client.end();
  }
}

/** A name that no other test uses. */
export function newName(prefix) {
  return `${prefix}/${randomUUID()}`;
}

/** Looks until it sees something that is true, and returns it. */
export async function eventually(look) {
  const deadline = Date.now() + PATIENCE_MS;
  while (Date.now() < deadline) {
    const seen = await look();
    if (seen) return seen;
    await setTimeout(PAUSE_MS);
  }
  throw new Error(`nothing to see for ${PATIENCE_MS} ms`);
}
