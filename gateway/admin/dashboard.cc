#include "gateway/admin/dashboard.h"

namespace ravelin::gateway {

const std::string_view kDashboardPage = R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Ravelin</title>
<link rel="stylesheet" href="/dashboard.css">
<script src="/dashboard.js" defer></script>
</head>
<body>
<h1>Ravelin <span id="version"></span></h1>
<p id="summary">asking /v1/status</p>
<h2>Servers</h2>
<table>
<thead><tr><th>pool</th><th>server</th><th>address</th><th>from</th><th>state</th><th class="n">weight</th>
<th class="n">in flight</th><th>since</th><th>reason</th></tr></thead>
<tbody id="servers"></tbody>
</table>
<h2>Listeners</h2>
<table>
<thead><tr><th>listener</th><th>addresses</th><th>TLS</th></tr></thead>
<tbody id="listeners"></tbody>
</table>
<h2>Certificates</h2>
<table>
<thead><tr><th>names</th><th>listener</th><th>not after</th><th>file</th></tr></thead>
<tbody id="certificates"></tbody>
</table>
<h2>Store of certificates</h2>
<p id="store">none is shown</p>
<table>
<thead><tr><th>ends first</th><th class="n">generation</th><th>not after</th></tr></thead>
<tbody id="soonest"></tbody>
</table>
<table>
<thead><tr><th>renewed next</th><th>at</th><th>why</th><th class="n">failures</th><th>last failure</th></tr></thead>
<tbody id="renewals"></tbody>
</table>
<noscript><p>This page needs JavaScript; <a href="/v1/status">/v1/status</a> is the same as JSON.</p></noscript>
</body>
</html>
)";

const std::string_view kDashboardScript = R"js("use strict";
const byId = (id) => document.getElementById(id);

// Everything is put in as text: nothing from the configuration becomes markup.
function fill(id, rows) {
  byId(id).replaceChildren(...rows.map(({ cells, state }) => {
    const row = document.createElement("tr");
    if (state) row.className = state;
    for (const cell of cells) {
      const data = document.createElement("td");
      data.textContent = String(cell);
      if (typeof cell === "number") data.className = "n";
      row.append(data);
    }
    return row;
  }));
}

function show(status) {
  byId("version").textContent = status.version;
  const connections = status.workers.reduce((sum, worker) => sum + worker.connections, 0);
  byId("summary").textContent =
    (status.ready ? "ready" : "not ready: " + status.reason) +
    `, generation ${status.generation}, ${connections} connections, ` +
    `${status.requests_in_flight} requests in flight, started ${status.started}, ` +
    (status.last_reload.ok ? `configuration of ${status.last_reload.time}`
                           : "last reload refused: " + status.last_reload.error);
  byId("summary").className = status.ready && status.last_reload.ok ? "" : "bad";
  fill("servers", status.pools.flatMap((pool) => pool.servers.map((server) => ({
    state: server.state === "up" ? "up" : "bad",
    cells: [pool.pool, server.server + (server.backup ? " (backup)" : ""), server.address, server.source,
            server.state, server.effective_weight_percent / 100, server.in_flight, server.changed, server.reason],
  }))));
  fill("listeners", status.listeners.map((listener) => ({
    cells: [listener.listener, listener.addresses.join(" "), listener.tls ? "yes" : "no"],
  })));
  fill("certificates", status.certificates.map((certificate) => ({
    cells: [certificate.names.join(" "), certificate.listener, certificate.not_after,
            certificate.file],
  })));
  showStore(status.store);
}

function showStore(store) {
  if (!store.path) return;
  const failure = store.last_failure;
  byId("store").textContent =
    `${store.path}: ${store.certificates} certificates, served by ${store.workers_serving} of ${store.workers} workers` +
    (store.ticket_key_made ? `, session ticket key of ${store.ticket_key_made}` : "") +
    (store.trouble ? `; cannot be followed: ${store.trouble}` : "") +
    store.refused.map((refused) => `; refused: ${refused.name}: ${refused.reason}`).join("") +
    (failure ? `; last failure: ${failure.name} at ${failure.failed}: ${failure.error}` : "");
  byId("store").className =
    store.trouble || store.refused.length || failure || store.workers_serving < store.workers ? "bad" : "";
  fill("soonest", store.soonest.map((expiry) => ({
    cells: [expiry.name, expiry.generation, expiry.not_after],
  })));
  fill("renewals", store.next_renewals.map((renewal) => ({
    cells: [renewal.name, renewal.at, renewal.why, renewal.failures, renewal.error || ""],
  })));
}

async function refresh() {
  try {
    const response = await fetch("/v1/status", { cache: "no-store" });
    if (!response.ok) throw new Error("status " + response.status);
    show(await response.json());
  } catch (error) {
    byId("summary").textContent = "no answer from the gateway: " + error.message;
    byId("summary").className = "bad";
  }
  setTimeout(refresh, 2000);
}
refresh();
)js";

const std::string_view kDashboardStyle =
    R"(body { font: 14px/1.4 sans-serif; margin: 2em; color: #222; background: #fff; }
h1 { font-size: 1.4em; }
h1 span { font-weight: normal; color: #666; }
h2 { font-size: 1.1em; margin-top: 1.5em; }
table { border-collapse: collapse; }
th, td { text-align: left; padding: .2em 1em .2em 0; border-bottom: 1px solid #ddd; }
.n { text-align: right; }
tr.up td:nth-child(4) { color: #060; }
tr.bad td:nth-child(4), p.bad { color: #a00; font-weight: bold; }
)";

}  // namespace ravelin::gateway
