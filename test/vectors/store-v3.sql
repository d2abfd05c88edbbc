-- The schema of stores of version 3, as it was when it was in use.

create table store_version (version integer not null);
insert into store_version values (3);

create table evidence (
  row_id BIGINT,
  scan_id VARCHAR,
  scan_digest UBIGINT,
  source VARCHAR,
  plant VARCHAR,
  machine VARCHAR,
  scanned_at_ms BIGINT,
  mailpiece_id VARCHAR,
  pass VARCHAR,
  sorter_destination VARCHAR,
  weight_grams INTEGER,
  image VARCHAR,
  note VARCHAR,
  extra VARCHAR,
  payload BLOB,
  symbology VARCHAR,
  trust_version BIGINT,
  outcome VARCHAR,
  key_id BIGINT,
  license BIGINT,
  psd VARCHAR,
  epoch UINTEGER,
  piece_count UBIGINT,
  ascending_mills BIGINT,
  descending_mills BIGINT,
  postage_mills BIGINT,
  rate_category INTEGER,
  printed_at_ms BIGINT,
  deposit_postcode VARCHAR,
  destination_postcode VARCHAR,
  content_digest UBIGINT,
  disposition VARCHAR,
  reasons VARCHAR
);
create table source_position (source varchar not null, position varchar not null);
create table registry_version (version bigint not null, digest varchar not null, issued_at_ms bigint not null);
create table registry_license (
  license bigint, holder varchar, town varchar, deposit_postcode varchar, psd_limit bigint, valid_from_ms bigint,
  valid_to_ms bigint, revoked_at_ms bigint
);
create table registry_grant (license bigint, psd varchar, granted_at_ms bigint, ended_at_ms bigint);
create table registry_psd (psd varchar, user_name varchar);
create table registry_funds (license bigint, psd varchar, refill bigint, amount_mills bigint, paid_at_ms bigint);
create table registry_refund (
  license bigint, psd varchar, piece_count ubigint, amount_mills bigint, refunded_at_ms bigint
);
create table registry_rate (
  rate_category integer, weight_grams_max integer, postage_mills bigint, valid_from_ms bigint, valid_to_ms bigint
);
create table registry_plant (plant varchar, postcode varchar);
create table registry_withdrawal (
  license bigint, psd varchar, epoch uinteger, piece_count ubigint, ascending_mills bigint, returned_mills bigint,
  withdrawn_at_ms bigint
);
create table finding (
  kind varchar, severity varchar, license bigint, psd varchar, scan_ids varchar[], detail varchar
);

create view scans as
select scan_id, plant, machine, epoch_ms(scanned_at_ms) as scanned_at, mailpiece_id, pass,
  sorter_destination as destination, weight_grams, image, symbology, outcome, note, extra, source, row_id
from evidence;

create view pieces as
select scan_id, license, psd, key_id, epoch, piece_count, ascending_mills, descending_mills, postage_mills,
  rate_category, printed_at_ms, epoch_ms(printed_at_ms) as printed_at, deposit_postcode, destination_postcode,
  content_digest, outcome, outcome in ('valid', 'key-not-yet-valid', 'expired-key', 'revoked-key', 'valid-but-revoked-key', 'expired-license', 'revoked-license', 'ungranted-psd', 'overspread-license', 'date-anomaly') as genuine,
  trust_version,
  mailpiece_id, pass, plant, machine, epoch_ms(scanned_at_ms) as scanned_at, sorter_destination, weight_grams,
  payload, row_id
from evidence where license is not null;

create view verdicts as
select scan_id, disposition,
  case when reasons = '' then []::varchar[] else string_split(reasons, ',') end as reasons, trust_version, row_id
from evidence;

create view findings as select * from finding;
create view licenses as select * from registry_license;
create view grants as select * from registry_grant;
create view psds as select psd, user_name as "user" from registry_psd;
create view funds as select license, psd, refill, amount_mills, epoch_ms(paid_at_ms) as paid_at from registry_funds;
create view refunds as
select license, psd, piece_count, amount_mills, epoch_ms(refunded_at_ms) as refunded_at from registry_refund;
create view rates as select * from registry_rate;
create view plants as select * from registry_plant;
create view withdrawals as
select license, psd, epoch, piece_count, ascending_mills, returned_mills, epoch_ms(withdrawn_at_ms) as withdrawn_at
from registry_withdrawal;
