-- The schema of stores of version 4, as it was when it was in use.

create table store_version (version integer not null);
insert into store_version values (4);

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
  reasons VARCHAR,
  policy_version BIGINT
);

create table chain (
  first_row bigint not null, row_count bigint not null, row_checks blob not null, digest blob not null,
  head blob not null, is_archived boolean not null
);
create table seen_page (license bigint not null, psd varchar not null, page ubigint not null, seen_counts ubigint not null);
create table source_position (source varchar not null, position varchar not null);

create table registry_version (version bigint not null, digest varchar not null, issued_at_ms bigint not null);
create table registry_list (version bigint not null, digest varchar not null, issued_at_ms bigint not null);
create table registry_license (license BIGINT, holder VARCHAR, town VARCHAR, deposit_postcode VARCHAR, psd_limit BIGINT, valid_from_ms BIGINT, valid_to_ms BIGINT, revoked_at_ms BIGINT, since_version bigint not null, until_version bigint);
create table registry_grant (license BIGINT, psd VARCHAR, granted_at_ms BIGINT, ended_at_ms BIGINT, since_version bigint not null, until_version bigint);
create table registry_psd (psd VARCHAR, user_name VARCHAR, since_version bigint not null, until_version bigint);
create table registry_funds (license BIGINT, psd VARCHAR, refill BIGINT, amount_mills BIGINT, paid_at_ms BIGINT, since_version bigint not null, until_version bigint);
create table registry_refund (license BIGINT, psd VARCHAR, piece_count UBIGINT, amount_mills BIGINT, refunded_at_ms BIGINT, since_version bigint not null, until_version bigint);
create table registry_rate (rate_category INTEGER, weight_grams_max INTEGER, postage_mills BIGINT, valid_from_ms BIGINT, valid_to_ms BIGINT, since_version bigint not null, until_version bigint);
create table registry_plant (plant VARCHAR, postcode VARCHAR, latitude DOUBLE, longitude DOUBLE, since_version bigint not null, until_version bigint);
create table registry_withdrawal (license BIGINT, psd VARCHAR, epoch UINTEGER, piece_count UBIGINT, ascending_mills BIGINT, returned_mills BIGINT, withdrawn_at_ms BIGINT, since_version bigint not null, until_version bigint);

create table detector_state (
  row_id bigint not null, registry_digest varchar not null, policy_digest varchar not null, detectors_digest varchar not null
);
create table used_policy (version bigint not null, digest varchar not null);
create table counter_page (
  license bigint, psd varchar, page ubigint, first_piece_count ubigint, last_piece_count ubigint, first_ms bigint,
  last_ms bigint, first_epoch uinteger, last_epoch uinteger, first_ascending_mills bigint, last_ascending_mills bigint,
  first_postage_mills bigint, seen_counts ubigint, first_row bigint
);
create table register_set (
  license bigint, psd varchar, last_piece_count ubigint, last_ms bigint, control_mills bigint, spent_mills bigint
);
create table entry_plant (license bigint, psd varchar, plant varchar);
create table printing_day (license bigint, psd varchar, day integer, first_piece_count ubigint, last_piece_count ubigint);
create table suspect_set (license bigint, psd varchar);
create table suspect_scan (
  row_id bigint, scan_id varchar, license bigint, psd varchar, epoch uinteger, piece_count ubigint, ascending_mills bigint,
  descending_mills bigint, postage_mills bigint, printed_at_ms bigint, content_digest ubigint, mailpiece_id varchar,
  pass varchar, plant varchar, scanned_at timestamp
);
create table named_scan (
  kind varchar, license bigint, psd varchar, key varchar, row_id bigint, scan_id varchar, scanned_at timestamp,
  mailpiece_id varchar, plant varchar, why varchar, value bigint
);
create table finding (
  kind varchar, license bigint, psd varchar, key varchar, severity varchar, detail varchar, policy_version bigint
);
create table told_finding (key varchar);
create table revision (
  sequence bigint, row_id bigint, scan_id varchar, from_disposition varchar, to_disposition varchar, kinds varchar[],
  policy_version bigint
);
create table severity_score (severity varchar, score bigint);
create table case_closing (sequence bigint, case_id varchar, note varchar, closed_at_ms bigint);
create table case_closed_scan (sequence bigint, case_id varchar, kind varchar, scan_id varchar);

create macro distance_km(latitude, longitude, other_latitude, other_longitude) as
  2 * 6371 * asin(least(1, sqrt(
    sin(radians(other_latitude - latitude) / 2) ** 2
    + cos(radians(latitude)) * cos(radians(other_latitude)) * sin(radians(other_longitude - longitude) / 2) ** 2)));


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
  case when reasons = '' then []::varchar[] else string_split(reasons, ',') end as reasons, trust_version,
  policy_version, row_id
from evidence;

create view lists as select version, digest, epoch_ms(issued_at_ms) as issued_at from registry_list;

create view licenses as select license, holder, town, deposit_postcode, psd_limit, valid_from_ms, valid_to_ms, revoked_at_ms from registry_license where until_version is null;
create view licenses_history as select license, holder, town, deposit_postcode, psd_limit, valid_from_ms, valid_to_ms, revoked_at_ms, since_version, until_version from registry_license;
create view grants as select license, psd, granted_at_ms, ended_at_ms from registry_grant where until_version is null;
create view grants_history as select license, psd, granted_at_ms, ended_at_ms, since_version, until_version from registry_grant;
create view psds as select psd, user_name as "user" from registry_psd where until_version is null;
create view psds_history as select psd, user_name as "user", since_version, until_version from registry_psd;
create view funds as select license, psd, refill, amount_mills, epoch_ms(paid_at_ms) as paid_at from registry_funds where until_version is null;
create view funds_history as select license, psd, refill, amount_mills, epoch_ms(paid_at_ms) as paid_at, since_version, until_version from registry_funds;
create view refunds as select license, psd, piece_count, amount_mills, epoch_ms(refunded_at_ms) as refunded_at from registry_refund where until_version is null;
create view refunds_history as select license, psd, piece_count, amount_mills, epoch_ms(refunded_at_ms) as refunded_at, since_version, until_version from registry_refund;
create view rates as select rate_category, weight_grams_max, postage_mills, valid_from_ms, valid_to_ms from registry_rate where until_version is null;
create view rates_history as select rate_category, weight_grams_max, postage_mills, valid_from_ms, valid_to_ms, since_version, until_version from registry_rate;
create view plants as select plant, postcode, latitude, longitude from registry_plant where until_version is null;
create view plants_history as select plant, postcode, latitude, longitude, since_version, until_version from registry_plant;
create view withdrawals as select license, psd, epoch, piece_count, ascending_mills, returned_mills, epoch_ms(withdrawn_at_ms) as withdrawn_at from registry_withdrawal where until_version is null;
create view withdrawals_history as select license, psd, epoch, piece_count, ascending_mills, returned_mills, epoch_ms(withdrawn_at_ms) as withdrawn_at, since_version, until_version from registry_withdrawal;

create view findings as
select finding.kind, severity, license, psd, coalesce(scan_ids, []::varchar[]) as scan_ids, detail, policy_version, key
from finding
left join (
  select kind, license, psd, key, list(scan_id order by scanned_at nulls last, scan_id) as scan_ids
  from named_scan group by kind, license, psd, key
) as named using (kind, license, psd, key);
create view revisions as
select sequence, scan_id, from_disposition, to_disposition, kinds, policy_version, row_id from revision;

create view case_findings as
select case subject when 'psd' then 'psd/' || psd when 'license' then 'license/' || license
    else 'marks/' || license || '/' || psd end as case_id,
  kind, severity, license, psd, key, detail, policy_version
from finding join (values ('compromised-key', 'psd'), ('copy', 'marks'), ('cross-key', 'marks'), ('expired-key', 'license'), ('expired-license', 'license'), ('faster-than-printer', 'psd'), ('forged', 'marks'), ('fork', 'psd'), ('future-date', 'license'), ('overspend', 'license'), ('overspread-license', 'license'), ('refund-mailed', 'license'), ('revoked-key', 'psd'), ('revoked-license', 'license'), ('rollback', 'psd'), ('short-postage', 'license'), ('stale-date', 'license'), ('suite-mismatch', 'marks'), ('two-places', 'psd'), ('ungranted-psd', 'psd'), ('unknown-key', 'marks'), ('wrong-destination', 'license'), ('wrong-town', 'license')) as subjects (kind, subject) using (kind);

create view case_scans as
select case_id, kind, key, row_id, scan_id, scanned_at
from case_findings join named_scan using (kind, license, psd, key);

create view cases as
with by_kind as (
  select case_id, kind, max(severity) as severity, count(distinct (license, psd, key)) as findings,
    min(license) as first_license, max(license) as last_license, min(psd) as first_psd, max(psd) as last_psd
  from case_findings group by case_id, kind
),
seen as (
  select case_id, kind, count(distinct row_id) as scans from case_scans group by case_id, kind
),
scored as (
  select case_id, list(kind order by kind) as kinds,
    list(severity order by list_position(['critical', 'high', 'medium', 'low'], severity))[1] as severity,
    sum(coalesce(score, 0) * (1 + floor(log2(greatest(scans, 1)))))::bigint as score,
    sum(findings)::bigint as findings,
    if(min(first_license) = max(last_license), min(first_license), null) as license,
    if(min(first_psd) = max(last_psd), min(first_psd), null) as psd
  from by_kind join seen using (case_id, kind) left join severity_score using (severity)
  group by case_id
),
spans as (
  select case_id, count(distinct row_id) as scans, min(scanned_at) as first_scanned_at, max(scanned_at) as last_scanned_at
  from case_scans group by case_id
),
closings as (
  select case_id, max(sequence) as sequence, arg_max(note, sequence) as note,
    arg_max(closed_at_ms, sequence) as closed_at_ms
  from case_closing group by case_id
),
unknown_then as (
  select case_id, count(*) as new_scans
  from (
    select case_id, kind, scan_id from case_scans semi join closings using (case_id)
    except
    select case_id, kind, scan_id from case_closed_scan semi join closings using (case_id, sequence)
  ) group by case_id
)
select case_id, severity, score, kinds, license, psd, findings, scans, first_scanned_at, last_scanned_at,
  case when closings.case_id is null then 'open' when new_scans > 0 then 'reopened' else 'closed' end as state,
  coalesce(new_scans, 0) as new_scans, note, epoch_ms(closed_at_ms) as closed_at
from scored join spans using (case_id) left join closings using (case_id) left join unknown_then using (case_id);

