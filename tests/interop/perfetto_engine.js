// Runs Perfetto's trace processor as its own interface in a browser does, with pipes in place of a message port:
//     node perfetto_engine.js FOLDER     the folder with engine_bundle.js and the WebAssembly beside it
// Requests come in on standard input and replies go out on standard output, both as TraceProcessorRpcStream.
"use strict";
const fs = require("fs");
const path = require("path");
const folder = process.argv[2];

// What the engine expects of a web worker. Whatever it says goes to standard error.
console.log = console.error;
globalThis.self = globalThis;
globalThis.WorkerGlobalScope = Object;
globalThis.location = { href: "http://localhost/engine_bundle.js" };
globalThis.XMLHttpRequest = class {
  open(_, url) {
    this.response = fs.readFileSync(path.join(folder, path.basename(url)));
  }
  send() {}
};

// Without `process`: it was built for browsers and refuses to start where it sees Node.js.
const bundle = fs.readFileSync(path.join(folder, "engine_bundle.js"), "utf8");
new Function("process", bundle)(undefined);

const port = {
  postMessage(bytes) {
    for (let at = 0; at < bytes.length; ) at += fs.writeSync(1, bytes, at);
  },
};
self.onmessage({ data: port });
process.stdin.on("data", (chunk) => port.onmessage({ data: new Uint8Array(chunk) }));
