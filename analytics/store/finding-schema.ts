/**
 * What the detectors found, and what they remember of the evidence so that their cost grows with what is new.
 *
 * `named_scan` says which scans a finding names; `finding` says what of them, `told_finding` which were ever given out. The state tables are sums over all genuine
 * marks up to `detector_state.row_id`: they can be made again from the evidence at any time.
 */
export const FINDING_TABLES_SQL = `
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
`;

/** How far two places on the Earth (a sphere of 6,371 km) are from each other, for detectors and for whoever asks. */
export const FINDING_MACROS_SQL = `
create macro distance_km(latitude, longitude, other_latitude, other_longitude) as
  2 * 6371 * asin(least(1, sqrt(
    sin(radians(other_latitude - latitude) / 2) ** 2
    + cos(radians(latitude)) * cos(radians(other_latitude)) * sin(radians(other_longitude - longitude) / 2) ** 2)));
`;

export const FINDING_VIEWS_SQL = `
create view findings as
select finding.kind, severity, license, psd, coalesce(scan_ids, []::varchar[]) as scan_ids, detail, policy_version, key
from finding
left join (
  select kind, license, psd, key, list(scan_id order by scanned_at nulls last, scan_id) as scan_ids
  from named_scan group by kind, license, psd, key
) as named using (kind, license, psd, key);
create view revisions as
select sequence, scan_id, from_disposition, to_disposition, kinds, policy_version, row_id from revision;
`;
