// Makes src/api/generated/ from the two documents of the server: types of the HTTP API, of events and of commands.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const [, , from, to] = process.argv;
const read = async (name) => JSON.parse(await readFile(`${from}/${name}`, "utf8"));
const nameOf = (reference) => reference.split("/").at(-1);

await mkdir(to, { recursive: true });
await writeFile(`${to}/http.d.ts`, astToString(await openapiTS(await read("openapi.json"))));

const live = await read("asyncapi.json");
const { schemas, messages } = live.components;
const described = { openapi: "3.1.0", info: live.info, paths: {}, components: { schemas } };
const lines = [astToString(await openapiTS(described)), 'type Schemas = components["schemas"];', ""];

lines.push("/** What events carry, by their type. */", "export interface Events {");
for (const [type, message] of Object.entries(messages)) {
  const data = schemas[nameOf(message.payload.$ref)]?.properties?.data?.$ref;
  if (message.name === type && data) lines.push(`  ${JSON.stringify(type)}: Schemas[${JSON.stringify(nameOf(data))}];`);
}
lines.push("}", "", "/** What a command carries, by its name. */", "export interface Commands {");
for (const [key, message] of Object.entries(messages)) {
  if (key.startsWith("command."))
    lines.push(`  ${JSON.stringify(message.name)}: Schemas[${JSON.stringify(nameOf(message.payload.$ref))}];`);
}
await writeFile(`${to}/live.d.ts`, [...lines, "}", ""].join("\n"));
