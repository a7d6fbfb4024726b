-- The node's database (spec node 3). Every BLOB that is not a digest, an identity or a refusal is encrypted.
CREATE TABLE IF NOT EXISTS traces (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  role TEXT NOT NULL CHECK (role IN ('tracer', 'holder')),
  peer BLOB NOT NULL,             -- the partner's identity
  offer BLOB,                     -- digest of the offer
  trace BLOB,                     -- the trace's identifier, once there is one
  name TEXT NOT NULL,             -- the case's name
  records TEXT,                   -- identity of the store that was read
  state TEXT NOT NULL,
  code INTEGER NOT NULL DEFAULT 0,  -- the refusal that ended it
  reason TEXT NOT NULL DEFAULT '',
  paused TEXT,                    -- why, while a person has paused it
  pending BLOB,                   -- of an ended trace: what the partner has not acknowledged yet
  serial INTEGER NOT NULL DEFAULT 0,  -- of the last step or refusal: it names log entries, and never serves twice
  key BLOB,                       -- the key of this trace's secrets, wrapped; null once they are destroyed
  UNIQUE (peer, role, offer)
);
CREATE TABLE IF NOT EXISTS steps (
  trace INTEGER NOT NULL REFERENCES traces (id),
  serial INTEGER NOT NULL,
  sealed BLOB NOT NULL,           -- what was given and done, under the trace's key
  PRIMARY KEY (trace, serial)
);
CREATE TABLE IF NOT EXISTS wire (
  trace INTEGER NOT NULL REFERENCES traces (id),
  serial INTEGER NOT NULL,        -- of the step that took it, or made it
  sent INTEGER NOT NULL,          -- 1 sent, 0 received
  kind TEXT NOT NULL,
  at TEXT NOT NULL,
  size INTEGER NOT NULL,
  sealed BLOB NOT NULL,           -- the message, under the node's key
  PRIMARY KEY (trace, serial, sent)
);
CREATE TABLE IF NOT EXISTS entries (
  trace INTEGER NOT NULL REFERENCES traces (id),
  serial INTEGER NOT NULL,
  part INTEGER NOT NULL,
  kind TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (trace, serial, part)
);

-- What is said of a trace without opening anything: never its key.
CREATE VIEW IF NOT EXISTS overview AS
SELECT id, role, peer, offer, trace, name, records, state, code, reason, paused, pending, key IS NOT NULL AS keyed
FROM traces;
