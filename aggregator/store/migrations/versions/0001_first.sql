-- The first tables, as they stood then. $ID, $BLOB and $SERIAL differ between the two databases.

CREATE TABLE apart (
  item $ID NOT NULL,
  other $ID NOT NULL,
  PRIMARY KEY (item, other)
);

CREATE TABLE body (
  item $ID NOT NULL,
  text TEXT NOT NULL,
  html TEXT NOT NULL,
  PRIMARY KEY (item)
);

CREATE TABLE dkey (
  "key" BIGINT NOT NULL,
  item $ID NOT NULL,
  PRIMARY KEY ("key", item)
) $WITHOUT_ROWID;
CREATE INDEX dkey_item ON dkey (item);

CREATE TABLE hold (
  host TEXT NOT NULL,
  until BIGINT NOT NULL,
  PRIMARY KEY (host)
);

CREATE TABLE image_report (
  image TEXT NOT NULL,
  reporter TEXT NOT NULL,
  item $ID NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (image, reporter)
);

CREATE TABLE image_state (
  image TEXT NOT NULL,
  state TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (image)
);

CREATE TABLE item (
  id $SERIAL,
  story $ID NOT NULL,
  source TEXT NOT NULL,
  outlet TEXT NOT NULL,
  country TEXT NOT NULL,
  language TEXT NOT NULL,
  topic TEXT NOT NULL,
  guid $BLOB NOT NULL,
  guid_text TEXT NOT NULL,
  address $BLOB NOT NULL,
  sameness $BLOB NOT NULL,
  substance $BLOB NOT NULL,
  url TEXT NOT NULL,
  title TEXT NOT NULL,
  summary TEXT NOT NULL,
  author TEXT NOT NULL,
  published BIGINT,
  updated BIGINT,
  seen_at BIGINT NOT NULL,
  shown_at BIGINT NOT NULL,
  image TEXT NOT NULL,
  image_credit TEXT NOT NULL,
  source_link TEXT NOT NULL,
  agency TEXT NOT NULL,
  confidence FLOAT NOT NULL,
  categories TEXT NOT NULL,
  flags TEXT NOT NULL,
  score FLOAT,
  why TEXT NOT NULL,
  matched $ID,
  verbatim BOOLEAN NOT NULL,
  restricted BOOLEAN NOT NULL,
  dedup_version INTEGER NOT NULL,
  CONSTRAINT item_guid UNIQUE (source, guid)
);
CREATE INDEX item_address ON item (address);
CREATE INDEX item_outlet ON item (outlet, shown_at);
CREATE INDEX item_sameness ON item (sameness);
CREATE INDEX item_shown ON item (shown_at, id);
CREATE INDEX item_story ON item (story, shown_at);

CREATE TABLE merge_report (
  story $ID NOT NULL,
  reporter TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (story, reporter)
);

CREATE TABLE meta (
  "key" TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY ("key")
);

CREATE TABLE outlet (
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  country TEXT NOT NULL,
  language TEXT NOT NULL,
  spec TEXT NOT NULL,
  PRIMARY KEY (id)
);

CREATE TABLE related (
  story $ID NOT NULL,
  other $ID NOT NULL,
  score FLOAT NOT NULL,
  why TEXT NOT NULL,
  PRIMARY KEY (story, other)
);

CREATE TABLE revision (
  item $ID NOT NULL,
  at BIGINT NOT NULL,
  title TEXT NOT NULL,
  body TEXT NOT NULL
);
CREATE INDEX revision_item ON revision (item, at);

CREATE TABLE signature (
  item $ID NOT NULL,
  at BIGINT NOT NULL,
  draft $BLOB NOT NULL,
  PRIMARY KEY (item)
);
CREATE INDEX signature_at ON signature (at);

CREATE TABLE source (
  id TEXT NOT NULL,
  outlet TEXT NOT NULL,
  topic TEXT NOT NULL,
  host TEXT NOT NULL,
  enabled BOOLEAN NOT NULL,
  origin TEXT NOT NULL,
  spec TEXT NOT NULL,
  status TEXT NOT NULL,
  next_fetch_at BIGINT,
  last_fetch_at BIGINT,
  lease_until BIGINT,
  state TEXT NOT NULL,
  digests $BLOB NOT NULL,
  PRIMARY KEY (id)
);
CREATE INDEX source_due ON source (status, enabled, next_fetch_at);

CREATE TABLE story (
  id $SERIAL,
  first_at BIGINT NOT NULL,
  last_at BIGINT NOT NULL,
  shown_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  size INTEGER NOT NULL,
  independent INTEGER NOT NULL,
  spread FLOAT NOT NULL
);
CREATE INDEX story_shown ON story (shown_at, id);
CREATE INDEX story_spread ON story (spread, id);
CREATE INDEX story_updated ON story (updated_at);

CREATE TABLE together (
  item $ID NOT NULL,
  PRIMARY KEY (item)
);

CREATE TABLE token (
  name TEXT NOT NULL,
  digest TEXT NOT NULL,
  scopes TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (name)
);

CREATE TABLE tombstone (
  digest $BLOB NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (digest)
);

CREATE TABLE vocabulary (
  word TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (word)
);
