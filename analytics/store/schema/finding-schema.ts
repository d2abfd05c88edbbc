import { KINDS_SQL } from '../case-subjects.ts';

/**
 * What the detectors found, and what they remember of the evidence so that their cost grows with what is new.
 *
 * `named_scan` says which scans a finding names; `finding` says what of them, `told_finding` which were ever given out. `held_scan`
 * holds scans that a finding would name if `plant_doubt` did not say that the clock or scale of their plant was wrong on
 * that day, or if their mark had not been copied (`cleared`). The state tables are sums over all genuine marks up to `detector_state.row_id`: they can be made again from the evidence at any time.
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
create table plant_delay (
  plant varchar, day integer, pass varchar, license bigint, scans bigint, delay_seconds bigint
);
create table plant_load (plant varchar, day integer, license bigint, scans bigint, octave_thousandths bigint);
create table plant_pair (
  plant varchar, day integer, pass varchar, other varchar, other_pass varchar, license bigint, marks bigint,
  gap_seconds bigint, weighed bigint, octave_thousandths bigint
);
create table scan_hour (
  plant varchar, machine varchar, hour bigint, scans bigint, unread bigint, ahead bigint, ahead_seconds bigint, late bigint,
  late_seconds bigint
);
create table plant_doubt (kind varchar, plant varchar, day integer, estimate bigint, judged boolean);
create table suspect_set (license bigint, psd varchar);
create table suspect_scan (
  row_id bigint, scan_id varchar, license bigint, psd varchar, epoch uinteger, piece_count ubigint, ascending_mills bigint,
  descending_mills bigint, postage_mills bigint, printed_at_ms bigint, content_digest ubigint, mailpiece_id varchar,
  pass varchar, plant varchar, scanned_at timestamp, scan_digest ubigint, brought_by varchar
);
create table named_scan (
  kind varchar, license bigint, psd varchar, key varchar, row_id bigint, scan_id varchar, scanned_at timestamp,
  mailpiece_id varchar, plant varchar, why varchar, value bigint, scan_digest ubigint, brought_by varchar
);
create table held_scan (
  kind varchar, license bigint, psd varchar, key varchar, row_id bigint, scan_id varchar, scanned_at timestamp,
  mailpiece_id varchar, plant varchar, why varchar, value bigint, scan_digest ubigint, brought_by varchar, cleared boolean
);
create table finding (
  kind varchar, license bigint, psd varchar, key varchar, severity varchar, detail varchar, policy_version bigint,
  plant varchar
);
create table told_finding (key varchar);
create table revision (
  sequence bigint, row_id bigint, scan_id varchar, from_disposition varchar, to_disposition varchar, kinds varchar[],
  policy_version bigint, plant varchar
);
create table severity_score (severity varchar, score bigint);
create table case_closing (sequence bigint, case_id varchar, note varchar, closed_at_ms bigint);
create table case_closed_scan (sequence bigint, case_id varchar, kind varchar, scan_id varchar, scan_digest ubigint);
`;

/**
 * `distance_km`: how far two places on the Earth (a sphere of 6,371 km) are from each other, for detectors and queries.
 * `agreed_median`: of an even number of values the middle one nearer to zero, and zero where the two middle ones differ
 * in sign. Of two plants that contradict a third, one may be the plant that is wrong: a mean of both would blame the
 * third.
 */
export const FINDING_MACROS_SQL = `
create macro distance_km(latitude, longitude, other_latitude, other_longitude) as
  2 * 6371 * asin(least(1, sqrt(
    sin(radians(other_latitude - latitude) / 2) ** 2
    + cos(radians(latitude)) * cos(radians(other_latitude)) * sin(radians(other_longitude - longitude) / 2) ** 2)));
create macro agreed_median(value) as
  case when quantile_disc(value, 0.5) > 0 then quantile_disc(value, 0.5)
    when quantile_disc(-value, 0.5) > 0 then -quantile_disc(-value, 0.5) else 0 end;
`;

/** The token or certificate that a scan came with; where there was none, the source that it was read from. */
export const BROUGHT_BY_SQL = 'coalesce(sender, source)';

/**
 * Kinds of findings that a plant can make with a genuine mark and a false record, and what of the record they rest on. What
 * one plant alone says so is told, and weighs half in the score of a case: a wrong clock or scale is as likely as a fraud.
 */
export const PLANT_WORDS: Readonly<Record<string, string>> = {
  'future-date': 'the times of its scans',
  'short-postage': 'its weights',
  'stale-date': 'the times of its scans',
  'wrong-destination': 'the destinations that it read',
  'wrong-town': 'the place where the mail came in',
};

const WORD_ROWS = Object.entries(PLANT_WORDS)
  .map(([kind, word]) => `('${kind}', '${word}')`)
  .join(', ');

/**
 * Of each scan that is named, whose word it is (that of the plant, or of the one who brought it where no plant is named), and
 * what of it the finding rests on; null where the mark itself says so, as of a price or a town.
 */
export const NAMED_VOICES_SQL = `(
  select *, coalesce('plant ' || plant, brought_by) as voice,
    if((kind = 'short-postage' and why = 'price') or (kind = 'wrong-town' and why <> 'plant'), null, word) as rests_on
  from named_scan left join (values ${WORD_ROWS}) as words (kind, word) using (kind)
)`;

/**
 * `role` is that of the kind, except that the word of plants alone, even of several, makes nobody a suspect: somebody who mails
 * copies in two towns, or puts them on heavy pieces, makes two plants record it.
 */
export const FINDING_VIEWS_SQL = `
create view findings as
select finding.kind, severity, license, psd, coalesce(scan_ids, []::varchar[]) as scan_ids,
  detail || coalesce(format(' Only {} says so, by {}.', word_of, rests_on), '') as detail, policy_version, key,
  coalesce(brought_by, []::varchar[]) as brought_by, word_of,
  case when kind_role is null or (kind_role = 'suspect' and is_word) then 'unknown' else kind_role end as role,
  plant
from finding left join ${KINDS_SQL} using (kind)
left join (
  select kind, license, psd, key, list(scan_id order by scanned_at nulls last, scan_id, row_id) as scan_ids,
    list_sort(list(distinct brought_by) filter (where brought_by is not null)) as brought_by,
    if(count(distinct voice) = 1 and count(*) = count(rests_on), min(voice), null) as word_of, min(rests_on) as rests_on,
    count(*) = count(rests_on) as is_word
  from ${NAMED_VOICES_SQL} group by kind, license, psd, key
) as named using (kind, license, psd, key);
create view revisions as
select sequence, scan_id, from_disposition, to_disposition, kinds, policy_version, plant, row_id from revision;
`;
